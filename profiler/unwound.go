package profiler

import "runtime"

// Guard is deferred around code that may panic, by instrumentation that ends the
// point itself when that code returns. Unless *returned, p ends as panicked, or
// with the outcome "goexit", and the panic passes on unchanged:
//
//	returned := false
//	defer p.Guard(&returned)
//	err := call()
//	returned = true
//	p.End(profiler.Ending{Err: err})
func (p Point) Guard(returned *bool) {
	if *returned {
		return
	}
	v := recover()
	end, panicked := Unwound(v)
	p.End(end)
	if panicked {
		panic(v)
	}
}

// Unwound is for instrumentation that has more to do than [Point.Guard]: it says
// how a point ends whose function did not return, and whether that is because of
// a panic, which has to go on. v is what the deferred function has recovered:
//
//	v := recover()
//	end, panicked := profiler.Unwound(v)
//	p.End(end)
//	if panicked {
//		panic(v)
//	}
//
// A nil v is [runtime.Goexit], the outcome "goexit", or under
// GODEBUG=panicnil=1 a panic(nil). The two are told apart by the stack, so
// Unwound is called by the deferred function itself or by what that calls.
func Unwound(v any) (end Ending, panicked bool) {
	if v == nil && !panicking() {
		return Ending{Outcome: "goexit"}, false // as in testing.T.FailNow
	}
	end.Panic = v
	if v == nil {
		end.Panic = new(runtime.PanicNilError)
	}
	return end, true
}

// panicking says whether the runtime has called the deferred function that
// calls this, because of a panic. A recovered one stands on the stack until
// that function returns.
func panicking() bool {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for {
		f, more := frames.Next()
		switch f.Function {
		case "runtime.gopanic":
			return true
		case "runtime.Goexit":
			return false
		}
		if !more {
			return false
		}
	}
}
