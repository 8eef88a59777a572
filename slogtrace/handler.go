package slogtrace

import (
	"context"
	"log/slog"

	"github.com/sonde-go/sonde/profiler"
)

// Option configures [NewHandler].
type Option func(*handler)

// Keep also stores the records of traced requests in the trace, if their level is
// at least level: as info.log of the point in which they were logged, up to 8 KiB
// per point. level may be lower than that of the log, so that a traced request
// says more. Attributes whose names the Service's mask hides, see
// [profiler.Config], are masked in the trace; messages are stored unchanged.
func Keep(level slog.Leveler) Option { return func(h *handler) { h.keep = level } }

// TraceIDs adds "trace_id" and "span_id" too: what OpenTelemetry's programs and stores
// call the trace and the point, in hexadecimal digits, by which Grafana and others find
// the trace of a log line if the records go to an OTLP store.
func TraceIDs() Option { return func(h *handler) { h.ids = true } }

// NewHandler returns a handler that passes records on to h. Like every
// [slog.Handler], it is safe for concurrent use if h is.
func NewHandler(h slog.Handler, opts ...Option) slog.Handler {
	w := &handler{root: h, log: h}
	if again, ok := h.(*handler); ok {
		copied := *again
		w = &copied
	}
	for _, opt := range opts {
		opt(w)
	}
	return w
}

type handler struct {
	root slog.Handler // as given
	log  slog.Handler // root with the attributes and groups of the logger
	with []step       // those attributes and groups
	keep slog.Leveler // nil: records are not kept
	ids  bool         // those of OpenTelemetry are added
	deep bool         // there is a group in with
}

// step is a call of WithGroup, or of WithAttrs if group is "".
type step struct {
	group string
	attrs []slog.Attr
}

// Enabled implements [slog.Handler].
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.log.Enabled(ctx, level) || h.keeps(ctx, level)
}

func (h *handler) keeps(ctx context.Context, level slog.Level) bool {
	return h.keep != nil && level >= h.keep.Level() && profiler.Active(ctx)
}

// Handle implements [slog.Handler].
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	in, traced := profiler.Current(ctx)
	if !traced {
		return h.log.Handle(ctx, r)
	}
	if h.keeps(ctx, r.Level) {
		h.store(ctx, r)
	}
	if h.keep != nil && !h.log.Enabled(ctx, r.Level) {
		return nil // only kept
	}
	ids := []slog.Attr{slog.String("base_id", in.BaseID.String()), slog.String("point_id", in.ParentID.String())}
	if h.ids {
		p := profiler.TraceParent(ctx)
		ids = append(ids, slog.String("trace_id", p.TraceID()), slog.String("span_id", p.SpanID()))
	}
	if !h.deep {
		r = r.Clone()
		r.AddAttrs(ids...)
		return h.log.Handle(ctx, r)
	}
	log := h.root.WithAttrs(ids)
	for _, s := range h.with {
		log = s.apply(log)
	}
	return log.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.after(step{attrs: attrs})
}

// WithGroup implements [slog.Handler].
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.after(step{group: name})
}

func (h *handler) after(s step) *handler {
	next := *h
	next.log = s.apply(h.log)
	next.with = append(h.with[:len(h.with):len(h.with)], s)
	next.deep = h.deep || s.group != ""
	return &next
}

func (s step) apply(h slog.Handler) slog.Handler {
	if s.group != "" {
		return h.WithGroup(s.group)
	}
	return h.WithAttrs(s.attrs)
}

// store stores r in the trace, with the logger's attributes.
func (h *handler) store(ctx context.Context, r slog.Record) {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for i := len(h.with) - 1; i >= 0; i-- {
		if s := h.with[i]; s.group == "" {
			attrs = append(s.attrs[:len(s.attrs):len(s.attrs)], attrs...)
		} else if len(attrs) > 0 {
			attrs = []slog.Attr{{Key: s.group, Value: slog.GroupValue(attrs...)}}
		}
	}
	entry := []slog.Attr{slog.Time("time", r.Time), slog.String("level", r.Level.String()), slog.String("message", r.Message)}
	if r.Time.IsZero() {
		entry = entry[1:]
	}
	if len(attrs) > 0 {
		entry = append(entry, slog.Attr{Key: "attributes", Value: slog.GroupValue(attrs...)})
	}
	profiler.PointOf(ctx).Append("log", entry...)
}
