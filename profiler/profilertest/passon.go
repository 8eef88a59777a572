package profilertest

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// PassOn checks that a layer does not change how the code that it wraps ends.
// It calls run three times, each time on a goroutine of its own; run must call
// the layer such that the layer calls fn, on that goroutine. The first fn panics
// with a value, the second with nil under GODEBUG=panicnil=1, and the third calls
// [runtime.Goexit]. The layer must pass on the same value, with the stack of
// where it came from, or end the goroutine.
//
//	profilertest.PassOn(t, func(fn func()) {
//		toy.Handle(svc, request, func(context.Context) { fn() })
//	})
//	rec.Unwound(t, "toy")
//
// PassOn sets GODEBUG until the test t ends, so t cannot be parallel, nor have
// parallel ancestors; see [testing.T.Setenv].
func PassOn(t *testing.T, run func(fn func())) {
	t.Helper()
	t.Setenv("GODEBUG", "panicnil=1")
	for _, v := range []any{&struct{ text string }{"boom"}, nil} {
		end := unwind(run, func() { panicHere(v) })
		if end.returned || end.goexit || end.value != v {
			t.Errorf("panic(%v) did not pass on: returned %v, goexit %v, recovered %v", v, end.returned, end.goexit, end.value)
		}
		if !end.returned && !strings.Contains(end.stack, "profilertest.panicHere") {
			t.Errorf("panic(%v): the stack does not say where it came from:\n%s", v, end.stack)
		}
	}
	if end := unwind(run, runtime.Goexit); end.returned || !end.goexit {
		t.Errorf("runtime.Goexit did not pass on: returned %v, goexit %v", end.returned, end.goexit)
	}
}

//go:noinline
func panicHere(v any) { panic(v) }

type unwinding struct {
	returned, goexit bool
	value            any
	stack            string
}

// unwind has a goroutine of its own call run, and says how that went.
func unwind(run func(func()), fn func()) (u unwinding) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		u.goexit = true // unless what follows is reached
		func() {
			defer func() {
				u.stack = string(debug.Stack())
				u.value = recover()
			}()
			run(fn)
			u.returned = true
		}()
		u.goexit = false
	}()
	<-done
	return u
}

// Unwound checks, after one call of [PassOn], that the points called name say
// how the three functions ended: the first two have etype "panic" and the value
// as their message, the third has outcome "goexit", as [profiler.Unwound] has it.
func (r *Recorder) Unwound(t testing.TB, name string) {
	t.Helper()
	var got [][3]any
	for _, p := range r.Named(t, name) {
		got = append(got, [3]any{p.Stop["etype"], p.Stop["message"], p.Stop["outcome"]})
	}
	want := [][3]any{
		{"panic", "&{boom}", nil},
		{"panic", new(runtime.PanicNilError).Error(), nil},
		{nil, nil, "goexit"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("the points called %q ended as (etype, message, outcome) %v, want %v", name, got, want)
	}
}
