package profilertest

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// PassOn checks that a wrapper passes on how the function ends that it calls:
// run calls a wrapper that calls fn. The function panics with a value, panics
// with nil under GODEBUG=panicnil=1, and ends its goroutine, in this order.
func PassOn(t *testing.T, run func(fn func())) {
	t.Helper()
	t.Setenv("GODEBUG", "panicnil=1")
	for _, v := range []any{&struct{ text string }{"boom"}, nil} {
		end := unwind(run, func() { panicHere(v) })
		if end.returned || end.goexit || end.value != v {
			t.Errorf("panic(%v): returned %v, goexit %v, recovered %v", v, end.returned, end.goexit, end.value)
		}
		if !end.returned && !strings.Contains(end.stack, "profilertest.panicHere") {
			t.Errorf("panic(%v): the stack does not say where:\n%s", v, end.stack)
		}
	}
	if end := unwind(run, runtime.Goexit); end.returned || !end.goexit {
		t.Errorf("runtime.Goexit: returned %v, the goroutine ended %v", end.returned, end.goexit)
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

// Unwound checks that the points called name say how the functions of
// [PassOn] ended.
func (r *Recorder) Unwound(t *testing.T, name string) {
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
		t.Errorf("the points ended as %v, want %v", got, want)
	}
}
