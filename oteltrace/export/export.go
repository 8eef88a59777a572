// Package export writes the spans of a program on the OpenTelemetry SDK into a store
// of Sonde, for services that are instrumented already. It is a module of its own,
// since it needs the SDK.
//
//	store, err := drivers.Open(ctx, "redis://localhost", drivers.Options{})
//	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(export.New(store)))
//
// Each span that the SDK samples becomes a point. The base id of its trace is the
// UUID with the bytes of the trace id, so that a service on Sonde whose trace has that
// id is in the same report; a span's id stands for its point. What is sampled is the
// SDK's business: signed headers have no say in it. A program that wants only the
// requests that somebody asks for uses package oteltrace instead.
package export

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"github.com/sonde-go/sonde/record"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// Option configures an Exporter.
type Option func(*Exporter)

// WithMask says which attributes are not stored, by their names; see
// [layer.ParseMask]. The default is "secrets".
func WithMask(mask string) Option { return func(e *Exporter) { e.mask = layer.ParseMask(mask) } }

// WithProject sets the project that records name. The default is the resource's
// service.namespace.
func WithProject(project string) Option { return func(e *Exporter) { e.project = project } }

// Exporter is a [trace.SpanExporter]. It is safe for concurrent use as far as its sink
// is.
type Exporter struct {
	sink    record.Sink
	mask    layer.Mask
	project string
	closed  atomic.Bool
}

var _ trace.SpanExporter = (*Exporter)(nil)

// New returns an exporter that hands spans to sink, usually a store that
// drivers.Open has opened. It does not close the sink.
func New(sink record.Sink, opts ...Option) *Exporter {
	e := &Exporter{sink: sink, mask: layer.ParseMask("secrets")}
	for _, o := range opts {
		o(e)
	}
	return e
}

// ExportSpans hands the records of spans, two each, to the sink, and returns the
// sink's error. The SDK does not send them again then. A record takes up to 16 KiB of
// what its span says, as those of Sonde's own points do; if it says more, info.sonde
// has "truncated".
func (e *Exporter) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	if e.closed.Load() || len(spans) == 0 {
		return nil
	}
	events := make([]record.Event, 0, 2*len(spans))
	for _, s := range spans {
		if !s.SpanContext().IsValid() {
			continue
		}
		f := e.fields(s)
		f.Phase, f.Time, f.Info = record.Start, nanos(s.StartTime(), s.EndTime()), e.start(s, f.Host)
		events = append(events, record.New(f))
		f.Phase, f.Time, f.Info = record.Stop, nanos(s.EndTime(), s.StartTime()), e.stop(s, f.Host)
		events = append(events, record.New(f))
	}
	switch {
	case len(events) == 0:
		return nil
	case e.sink == nil: // a panic in the SDK's goroutine would end the program
		return errors.New("export: New was given no sink")
	}
	return e.sink.Notify(ctx, events)
}

// The times that a record can have, as [time.Time.UnixNano] says.
var earliest, latest = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

// nanos is the first of times that there is, or 1970: a span from elsewhere may have
// no beginning or no end.
func nanos(times ...time.Time) int64 {
	for _, t := range times {
		if t.After(earliest) && t.Before(latest) {
			return t.UnixNano()
		}
	}
	return 0
}

// Shutdown has later spans ignored.
func (e *Exporter) Shutdown(context.Context) error {
	e.closed.Store(true)
	return nil
}

// fields are what both records of a span have.
func (e *Exporter) fields(s trace.ReadOnlySpan) record.Fields {
	f := record.Fields{
		Trace: otelid.BaseID(s.SpanContext().TraceID()), Point: pointID(s.SpanContext().TraceID(), s.SpanContext().SpanID()),
		Name: name(s), Project: e.project,
	}
	f.Parent = f.Trace
	if parent := s.Parent(); parent.HasSpanID() {
		f.Parent = pointID(s.SpanContext().TraceID(), parent.SpanID())
	}
	for _, a := range s.Resource().Attributes() {
		switch a.Key {
		case "service.name":
			f.Service = a.Value.AsString()
		case "service.namespace":
			if f.Project == "" {
				f.Project = a.Value.AsString()
			}
		case "host.name":
			f.Host = a.Value.AsString()
		}
	}
	f.Service, f.Project, f.Host = cut(f.Service), cut(f.Project), cut(f.Host)
	return f
}

// pointID is the id of a span's point: the UUID that ends in the span's id and begins
// as the trace's, so that it is the trace's own and OpenTelemetry's stores get the
// span's id back.
func pointID(trace api.TraceID, span api.SpanID) header.ID {
	b := [16]byte(trace)
	copy(b[8:], span[:])
	return otelid.BaseID(b)
}

// name is a point's: names are cut at their first dash.
func name(s trace.ReadOnlySpan) string {
	if _, isQuery := otelattr.Statement(s.Attributes()); isQuery {
		return otelattr.QueryName(s.Attributes())
	}
	if name := strings.ReplaceAll(s.Name(), "-", "_"); name != "" {
		return cut(name)
	}
	return "span"
}

// maxName is how many characters a name has, as those of Sonde's own points:
// OSProfiler's SQL columns hold 255.
const maxName = 200

func cut(s string) string {
	if len(s) > maxName {
		if r := []rune(s[:min(len(s), maxName*utf8.UTFMax)]); len(r) > maxName {
			return string(r[:maxName])
		}
	}
	return s
}
