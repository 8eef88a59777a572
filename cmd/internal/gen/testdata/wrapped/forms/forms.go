// Package forms has types that are no plain struct or interface.
package forms

import (
	"context"
	"fmt"
)

// Counter has methods that change it, so the original is what has to change.
//
//sonde:trace
type Counter int

func (c *Counter) Add(ctx context.Context, n int) int { *c += Counter(n); return int(*c) }
func (c Counter) Get(ctx context.Context) int         { return int(c) }

// Asker is another name of an interface without one.
//
//sonde:trace
type Asker = interface {
	Ask(ctx context.Context, question string) (string, error)
}

// Both is another name of a struct without one.
//
//sonde:trace as=bothSpy
type Both = struct {
	*Counter
	Asker
}

// Params has parameters called as what is imported, and some without a name.
//
//sonde:trace
type Params[slog fmt.Stringer, P, _ any, profiler, _ any] struct{ last any }

func (p *Params[context2, P, _, T, _]) Keep(ctx context.Context, a context2, b P, c T) { p.last = a }

// Äther has a method of its own name.
//
//sonde:trace
type Äther struct{ attrs, attrs_ int }

func (*Äther) Äther(ctx context.Context) error { return ctx.Err() }
