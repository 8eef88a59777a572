package rpctrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// maxLinks is how many producers of one batch have a point of their own.
const maxLinks = 64

// Batch is the points of messages that are handled together. The zero Batch
// does nothing.
type Batch struct {
	points []profiler.Point
}

// Link is what info.links holds: a point that a point belongs to besides its
// parent.
type Link struct {
	BaseID  header.ID `json:"base_id"`
	TraceID header.ID `json:"trace_id"`
}

// ConsumeBatch opens the points of messages that are handled together, with
// one context for all; the caller stops the Batch. Each trace that has sent a
// message sees how long the batch took: below each producer's point there is
// one called o.Name. The one that the returned context belongs to (below the
// point in ctx, otherwise below the first producer's) has links to all
// producers in info.links, and the others have a link to it. At most 64
// producers are told apart; links_left_out counts the rest.
//
// If no message carries signed headers and ctx is not traced, svc's admission
// hook is asked once. attrs and the number of messages stand under o.Group.
func ConsumeBatch(ctx context.Context, svc *profiler.Service, messages []Carrier, o profiler.Opening, destination string, attrs ...slog.Attr) (context.Context, Batch) {
	from, leftOut := producers(svc, messages)
	if len(from) == 0 && !profiler.Active(ctx) &&
		(len(messages) == 0 || !svc.Admit(ctx, profiler.Request{Layer: o.Group, Path: destination})) {
		return ctx, Batch{}
	}
	about := slog.GroupAttrs(o.Group, append(attrs[:len(attrs):len(attrs)], slog.Int("messages", len(messages)))...)
	o.Group = ""
	all := []slog.Attr{about}
	if len(from) > 0 {
		all = append(all, slog.Any("links", links(from)))
	}
	if leftOut > 0 {
		all = append(all, slog.Int("links_left_out", leftOut))
	}

	var p profiler.Point
	switch {
	case profiler.Active(ctx):
		ctx, p = profiler.Open(ctx, o, all...)
	case len(from) > 0:
		ctx, p = svc.Join(ctx, from[0].in, from[0].key, o, all...)
		from = from[1:]
	default:
		ctx, p = svc.Begin(ctx, o, all...)
	}
	b := Batch{points: []profiler.Point{p}}
	at, _, _ := profiler.Current(ctx)
	back := slog.Any("links", []Link{{at.BaseID, at.ParentID}})
	for _, f := range from {
		_, p := svc.Join(ctx, f.in, f.key, o, about, back)
		b.points = append(b.points, p)
	}
	return ctx, b
}

type producer struct {
	in  header.Info
	key *header.Key
}

// producers are the points that have sent messages, each one once.
func producers(svc *profiler.Service, messages []Carrier) (from []producer, leftOut int) {
	seen := map[header.Info]bool{}
	for _, c := range messages {
		text := c.Get(header.InfoName)
		if text == "" {
			continue
		}
		in, key, err := svc.Verify(text, c.Get(header.HMACName))
		if err != nil || seen[in] {
			continue
		}
		seen[in] = true
		if len(from) == maxLinks {
			leftOut++
			continue
		}
		from = append(from, producer{in, key})
	}
	return from, leftOut
}

func links(from []producer) []Link {
	l := make([]Link, len(from))
	for i, f := range from {
		l[i] = Link{f.in.BaseID, f.in.ParentID}
	}
	return l
}

// Active says whether the batch is traced.
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
