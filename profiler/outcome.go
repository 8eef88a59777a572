package profiler

import (
	"context"
	"errors"
	"reflect"
	"strings"
)

// outcome writes how a point ended: etype and message of a failure, as
// OSProfiler names them, and outcome where it is neither success nor failure.
func (e *encoder) outcome(end *Ending) {
	outcome := end.Outcome
	switch {
	case end.Panic != nil:
		e.text("etype", "panic")
		e.text("message", e.panicText(end.Panic))
	case end.Err == nil:
	case outcome == "" && e.isCancel(end.Err):
		outcome = "cancelled"
	default:
		etype, message := e.errorTexts(end.Err)
		e.text("etype", etype)
		e.text("message", message)
	}
	if outcome != "" {
		e.text("outcome", outcome)
	}
}

// isCancel, as the other methods here, runs the error's own code, which may
// panic.
func (e *encoder) isCancel(err error) (yes bool) {
	defer e.caught(func(string) { yes = false })
	return errors.Is(err, context.Canceled)
}

func (e *encoder) errorTexts(err error) (etype, message string) {
	etype = typeName(err)
	defer e.caught(func(text string) { message = text })
	etype = errorType(err)
	return etype, err.Error()
}

// caught is deferred around user code: it counts a panic and passes its text.
func (e *encoder) caught(then func(text string)) {
	if p := recover(); p != nil {
		e.svc.panics.Add(1)
		then("!PANIC: " + safeText(p))
	}
}

func (e *encoder) panicText(v any) string {
	if err, ok := v.(error); ok {
		_, text := e.errorTexts(err)
		return text
	}
	return safeText(v)
}

// errorType names the type of err, "net.OpError": the first in its chain that
// says more than that an error was wrapped.
func errorType(err error) string {
	name := typeName(err)
	for strings.HasPrefix(name, "fmt.wrapError") || name == "errors.joinError" {
		inner := unwrapFirst(err)
		if inner == nil {
			break
		}
		err, name = inner, typeName(inner)
	}
	return name
}

func typeName(err error) string { return strings.TrimLeft(reflect.TypeOf(err).String(), "*") }

func unwrapFirst(err error) error {
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		return u.Unwrap()
	case interface{ Unwrap() []error }:
		if all := u.Unwrap(); len(all) > 0 {
			return all[0]
		}
	}
	return nil
}
