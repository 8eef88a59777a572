package profiler

import (
	"context"

	"github.com/sonde-go/sonde/header"
)

// passing is the context of a request whose trace is not recorded here but goes on
// elsewhere: what is sent from it carries the headers that the request came with, so
// that what others record is below a point that exists.
type passing struct {
	context.Context
	base   header.ID
	signed header.Signed
}

// Value implements [context.Context]. A trace further out is hidden.
func (p *passing) Value(key any) any {
	if _, ok := key.(ctxKey); ok {
		return p
	}
	return p.Context.Value(key)
}

// passed is the trace that passes through ctx, or nil.
func passed(ctx context.Context) *passing {
	if ctx == nil {
		return nil
	}
	p, _ := ctx.Value(ctxKey{}).(*passing)
	return p
}

// Pass returns the context to serve a request in that is not traced. It is ctx,
// unless the request belongs to a trace that sampling keeps elsewhere and not here:
// then [Sign] and [Inject] give what is sent from the context the headers that the
// request came with.
func (in *Incoming) Pass(ctx context.Context) context.Context {
	if in.why != passedOn {
		return ctx
	}
	return &passing{Context: foreign(ctx), base: in.info.BaseID, signed: in.signed}
}
