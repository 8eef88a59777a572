package profiler

import (
	"context"
	"log/slog"
)

// maxList is how many bytes of info a list may have.
const maxList = maxInfo / 2

// PointOf returns the innermost point that ctx carries, for adding attributes
// to a point that was opened elsewhere, and a zero Point without a profiler.
// Whoever opened a point ends it.
func PointOf(ctx context.Context) Point { return Point{current(ctx)} }

// Append adds attrs, as one object, to the list under key in the point's stop
// record. A list takes 8 KiB; how many objects did not find room is told as
// key + "_left_out". Attributes given under the same key in another way
// replace the list, and the other way round. It takes constant time.
func (p Point) Append(key string, attrs ...slog.Attr) {
	n := p.n
	if n == nil || key == "" {
		return
	}
	e := newEncoder(n.trace.svc)
	from := len(e.buf)
	e.value(slog.GroupValue(attrs...), 2)
	n.gather(e, func(g *gathered) { g.append(key, e.buf[from:], &n.trace.svc.queue.budget) })
}
