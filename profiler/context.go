package profiler

import (
	"context"

	"github.com/sonde-go/sonde/header"
)

// Active says whether ctx carries a profiler, so that attributes which cost
// something to make are worth making.
func Active(ctx context.Context) bool { return current(ctx) != nil }

// Current returns the trace that ctx carries, as the base id, and the innermost
// point of ctx, as the parent id of what is done below it. It is false without
// a profiler in ctx.
func Current(ctx context.Context) (header.Info, bool) {
	n := current(ctx)
	if n == nil {
		return header.Info{}, false
	}
	return n.info(), true
}

// BaseID is the id of the trace that ctx carries, under which reports find it;
// the zero ID without a profiler in ctx.
func BaseID(ctx context.Context) header.ID {
	if n := current(ctx); n != nil {
		return n.trace.base
	}
	return header.ID{}
}

// Sign returns the signed headers for a request sent from ctx: the innermost
// point of ctx becomes the parent of what the receiver does. It is false
// without a profiler in ctx, and if the trace has no key.
func Sign(ctx context.Context) (header.Signed, bool) {
	n := current(ctx)
	if n == nil || n.trace.key == nil {
		return header.Signed{}, false
	}
	return n.trace.key.Sign(n.info()), true
}

// Inject puts the signed headers of [Sign] into c. It leaves c alone where Sign
// is false, and returns what Sign does.
func Inject(ctx context.Context, c header.Carrier) bool {
	s, ok := Sign(ctx)
	if ok {
		s.Write(c)
	}
	return ok
}

// Detach returns ctx without its trace, for work that is not a part of it: what
// serves requests or handles messages must not do so in the context of a trace
// that the program itself has begun, or it would trace every stranger. Without
// a profiler in ctx it returns ctx.
func Detach(ctx context.Context) context.Context {
	if current(ctx) == nil {
		return ctx
	}
	return detached{ctx}
}

// detached is a context whose trace is out of sight.
type detached struct{ context.Context }

func (d detached) Value(key any) any {
	if _, ok := key.(ctxKey); ok {
		return nil
	}
	return d.Context.Value(key)
}

// WithoutBase is what a server goes on with that does not trace a request: ctx
// without the trace of the server's base context. ofRequest says whether a
// context is already that of a request, or one the server itself was given. A
// trace that began with the request, or within it, stays.
func WithoutBase(ctx context.Context, ofRequest func(context.Context) bool) context.Context {
	n := current(ctx)
	if n == nil || n.arrived() || !ofRequest(ctx) {
		return ctx
	}
	for up := n; up != nil; up = up.above() {
		n = up
	}
	if ofRequest(n.Context) {
		return ctx
	}
	return detached{ctx}
}
