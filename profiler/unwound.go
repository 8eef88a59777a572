package profiler

import "runtime"

// Guard ends the point if a function that the layer calls panics or calls
// [runtime.Goexit]. The point then ends as panicked, or with the outcome "goexit",
// and the panic or the Goexit passes on unchanged. Defer Guard itself, before the
// call, and set *returned after it; if *returned is true, Guard does nothing. It is
// for layers:
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

// Unwound is for layers that have more to do than [Point.Guard] does. It returns the
// Ending of a point whose function did not return, and reports whether it panicked;
// a panic must be raised again. v is what the deferred function recovered:
//
//	v := recover()
//	end, panicked := profiler.Unwound(v)
//	p.End(end)
//	if panicked {
//		panic(v)
//	}
//
// If v is nil, the function called [runtime.Goexit], and the Ending has the outcome
// "goexit"; or it called panic(nil) under GODEBUG=panicnil=1. Unwound tells the two
// apart by the stack, so call it while the deferred function runs, on the same
// goroutine.
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

// panicking reports whether the runtime has called the deferred function that
// calls this because of a panic. A recovered panic stays on the stack until that
// function returns.
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
