package profiler

import (
	"context"

	"github.com/sonde-go/sonde/header"
)

// Active reports whether ctx carries a trace that is recorded here. Check it before computing
// attributes that are expensive.
func Active(ctx context.Context) bool { return current(ctx) != nil }

// Carries reports whether what is sent from ctx belongs to a trace: one that is
// recorded here, see [Active], or one that is passed on, see [Incoming.Pass]. Layers
// check it before they call [Sign] or [Inject].
func Carries(ctx context.Context) bool { return ctx != nil && ctx.Value(ctxKey{}) != nil }

// Current returns the ids of the trace that ctx carries (BaseID) and of the
// innermost point in ctx (ParentID, since it is the parent of what is done below
// it). It returns false if ctx carries no trace. It is for layers; see [BaseID]
// and [Sign].
func Current(ctx context.Context) (header.Info, bool) {
	n := current(ctx)
	if n == nil {
		return header.Info{}, false
	}
	if n.watch != nil {
		n.trace.mu.Lock()
		defer n.trace.mu.Unlock()
		n = n.kept()
	}
	return n.info(), true
}

// BaseID returns the id of the trace that ctx carries, by which reports find it,
// or the zero ID if ctx carries no trace.
func BaseID(ctx context.Context) header.ID {
	if n := current(ctx); n != nil {
		return n.trace.base
	}
	return header.ID{}
}

// Sign returns the signed headers of a request that is sent from ctx, and its
// traceparent if Config.TraceParent asks for one. The
// receiver's points will be below the innermost point in ctx. If ctx is that of a
// request whose trace is not recorded here, see [Incoming.Pass], they are those that
// the request came with. Sign returns false if ctx carries no trace, or if the trace
// has no key to sign with. It is for layers; see [Inject] and
// [Carries].
func Sign(ctx context.Context) (header.Signed, bool) {
	n := current(ctx)
	switch {
	case n == nil:
		if p := passed(ctx); p != nil {
			return p.signed, true
		}
		return header.Signed{}, false
	case n.trace.key == nil:
		return header.Signed{}, false
	}
	s := n.trace.key.SignBelow(n.trace.base, &n.pin().idText)
	if n.trace.svc.traceParent {
		s.TraceParent = n.traceParent().String()
	}
	return s, true
}

// Inject puts the headers that [Sign] returns into c, and reports whether it did.
// Where Sign returns false, headers that c has from another request are removed, see
// [header.Remove]. It is for layers, and for programs that send requests in a way that
// no layer covers.
func Inject(ctx context.Context, c header.Carrier) bool {
	s, ok := Sign(ctx)
	if ok {
		s.Write(c)
	} else {
		header.Remove(c)
	}
	return ok
}

// Detach returns ctx without its trace, for work that does not belong to it. Use
// it for the context that a server or a message bus is started with: if that
// carried a trace that the program has begun, every request could end up in it.
// If ctx carries no trace, Detach returns ctx itself.
func Detach(ctx context.Context) context.Context {
	if !Carries(ctx) {
		return ctx
	}
	return detached{ctx}
}

// detached is a context whose trace is hidden.
type detached struct{ context.Context }

func (d detached) Value(key any) any {
	if _, ok := key.(ctxKey); ok {
		return nil
	}
	return d.Context.Value(key)
}

// WithoutBase returns the context in which a server serves a request that it does
// not trace: ctx without the trace of the server's base context. A trace that
// began with the request, or within it, stays. ofRequest reports whether a context
// is already that of a request, as opposed to the one that the server was started
// with. It is for layers.
func WithoutBase(ctx context.Context, ofRequest func(context.Context) bool) context.Context {
	n := current(ctx)
	if n == nil || n.arrived() || !ofRequest(ctx) {
		return ctx
	}
	for up := n; up != nil; up = up.above {
		n = up
	}
	if ofRequest(n.Context) {
		return ctx
	}
	return detached{ctx}
}
