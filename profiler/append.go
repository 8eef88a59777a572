package profiler

import (
	"context"
	"log/slog"
)

// maxList is how many bytes of info a list may have.
const maxList = maxInfo / 2

// PointOf returns the innermost point in ctx, so that attributes can be added to a
// point that was opened elsewhere, or the zero Point if ctx carries no trace. Leave
// ending it to the code that opened it.
func PointOf(ctx context.Context) Point { return Point{current(ctx)} }

// AddFunc adds what attributes returns, for layers whose user has passed them a
// function. It is called at once, and not at all for the zero Point. If it panics,
// the panic is recorded as the attribute "attributes" and goes no further.
func (p Point) AddFunc(attributes func() []slog.Attr) {
	if p.n == nil {
		return
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			p.n.trace.svc.panics.Add(1)
			p.Add(slog.String("attributes", "!PANIC: "+safeText(v)))
		}
	}()
	attrs := attributes()
	returned = true
	p.Add(attrs...)
}

// Append adds an object with the attributes attrs to the list called key in the
// point's stop record. A list holds up to 8 KiB; the number of objects that did
// not fit is recorded as key + "_left_out". An attribute that [Point.Add] or
// [Point.Stop] is given under the same key replaces the list, and a list replaces
// such an attribute. Append takes constant time. After the point has ended it only
// counts the call, as Late in [Stats].
func (p Point) Append(key string, attrs ...slog.Attr) {
	n := p.n
	if n == nil || key == "" {
		return
	}
	e := newEncoder(n.trace.svc)
	e.own()
	from := len(e.buf)
	e.value(slog.GroupValue(attrs...), 2)
	n.gather(e, func(g *gathered) { g.append(key, e.buf[from:], n.trace.svc.queue.budgets) })
}
