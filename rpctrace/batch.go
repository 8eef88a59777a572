package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// maxLinks is how many producers of one batch have a point of their own.
const maxLinks = 64

// Batch holds the points of messages that are handled together. The zero Batch is
// valid, and its methods do nothing.
type Batch struct {
	points []profiler.Point
}

// Link is an element of info.links: a point that a point belongs to besides its
// parent.
type Link struct {
	BaseID  header.ID `json:"base_id"`
	TraceID header.ID `json:"trace_id"`
}

// ConsumeBatch opens the points of messages that are handled together, with one
// context for all; the caller stops the Batch. Each trace that has sent a message
// sees how long the batch took: below each producer's point there is a point called
// o.Name. One of them is the point of the returned context: below the point in ctx,
// or else below the first producer's. It has links to all producers in info.links,
// and the other points have a link to it. At most 64 producers have a point;
// links_left_out counts the rest.
//
// If no message carries headers and ctx is not traced, svc's admission hook is
// asked once; a batch of only forged messages is not traced. attrs and the number
// of messages are stored in the group of o.Layer.
func ConsumeBatch(ctx context.Context, svc *profiler.Service, messages []header.Carrier, o profiler.Opening, destination string, attrs ...slog.Attr) (context.Context, Batch) {
	from, passes, leftOut, others := producers(ctx, svc, messages, bus(&o), destination)
	if len(from) == 0 && others == 0 && (len(messages) > 0 || !profiler.Active(ctx)) {
		return passes.Pass(ctx), Batch{}
	}
	var first profiler.Incoming
	rest := from
	if len(from) == 0 || profiler.Active(ctx) {
		first = Receive(ctx, svc, noHeaders{}, bus(&o), destination)
	} else {
		first, rest = from[0], from[1:]
	}
	if !first.Traced() {
		return ctx, Batch{}
	}
	attrs = append(attrs[:len(attrs):len(attrs)], slog.Int("messages", len(messages)))
	other := o
	if len(from) > 0 {
		o.Top = append(o.Top[:len(o.Top):len(o.Top)], slog.Any("links", links(from)))
	}
	if leftOut > 0 {
		o.Top = append(o.Top, slog.Int("links_left_out", leftOut))
	}
	outside := ctx
	ctx, p := first.Open(ctx, o, attrs...)
	b := Batch{points: []profiler.Point{p}}
	at, _ := profiler.Current(ctx)
	other.Top = append(other.Top[:len(other.Top):len(other.Top)], slog.Any("links", []Link{{at.BaseID, at.ParentID}}))
	for i := range rest {
		_, p := rest[i].Open(outside, other, attrs...)
		b.points = append(b.points, p)
	}
	return ctx, b
}

// noHeaders is a message without headers.
type noHeaders struct{}

func (noHeaders) Get(string) string  { return "" }
func (noHeaders) Set(string, string) {}

// producers returns the points that have sent messages, each once. others counts
// the messages that may be traced for another reason: neither forged ones nor those
// that the bus has received further out. passes is the arrival of the only message if
// it is not traced: the trace of a single one can be passed on.
func producers(ctx context.Context, svc *profiler.Service, messages []header.Carrier, bus, destination string) (from []profiler.Incoming, passes profiler.Incoming, leftOut, others int) {
	seen := map[header.Info]bool{}
	for _, c := range messages {
		if c.Get(header.InfoName) == "" {
			others++
			continue
		}
		in := Receive(ctx, svc, c, bus, destination)
		info, signed := in.Signed()
		switch {
		case !in.Traced():
			if len(messages) == 1 {
				passes = in
			}
		case !signed:
			others++
		case seen[info]:
		case len(from) == maxLinks:
			seen[info] = true
			leftOut++
		default:
			seen[info] = true
			from = append(from, in)
		}
	}
	return from, passes, leftOut, others
}

func links(from []profiler.Incoming) []Link {
	l := make([]Link, len(from))
	for i := range from {
		info, _ := from[i].Signed()
		l[i] = Link{info.BaseID, info.ParentID}
	}
	return l
}

// Active reports whether the batch is traced.
func (b Batch) Active() bool { return len(b.points) > 0 }

// Stop ends the batch.
func (b Batch) Stop(attrs ...slog.Attr) { b.End(profiler.Ending{}, attrs...) }

// Fail ends the batch as failed, see [profiler.Point.Fail]. A later Stop is
// silent.
func (b Batch) Fail(err error) {
	for _, p := range b.points {
		p.Fail(err)
	}
}

// End is Stop for the instrumentation of a layer.
func (b Batch) End(end profiler.Ending, attrs ...slog.Attr) {
	for _, p := range b.points {
		p.End(end, attrs...)
	}
}
