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
	outcome, err := end.Outcome, end.Err
	if outcome == "" && err != nil && end.Panic == nil {
		if outcome = e.classify(err); outcome == cancelled {
			err = nil
		}
	}
	switch {
	case end.Panic != nil:
		e.text("etype", "panic")
		e.text("message", e.panicText(end.Panic))
	case err != nil:
		etype, message := e.errorTexts(err)
		if end.Text != nil {
			message = end.Text(message)
		}
		if end.Etype != "" {
			etype = end.Etype
		}
		e.text("etype", etype)
		e.text("message", e.svc.mask.URLs(message))
	}
	if outcome != "" {
		e.text("outcome", outcome)
	}
}

// The outcomes that an error's kind implies.
const (
	cancelled = "cancelled" // not a failure
	timeout   = "timeout"   // a failure
)

// classify is the one rule for what an error means: cancelled if a context was
// cancelled, timeout if the error says that it is one, as those of contexts,
// connections and HTTP clients do. Like the other methods here, it runs the error's
// own methods, which may panic.
func (e *encoder) classify(err error) (outcome string) {
	defer e.caught(func(string) { outcome = "" })
	if errors.Is(err, context.Canceled) {
		return cancelled
	}
	var t interface{ Timeout() bool }
	if errors.As(err, &t) && t.Timeout() {
		return timeout
	}
	return ""
}

func (e *encoder) errorTexts(err error) (etype, message string) {
	etype = typeName(err)
	defer e.caught(func(text string) { message = text })
	etype = errorType(err)
	return etype, err.Error()
}

// caught is deferred around user code: it counts a panic and passes its text to
// then.
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
