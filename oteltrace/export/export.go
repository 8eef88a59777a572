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
	"encoding/json"
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"github.com/sonde-go/sonde/record"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
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
// sink's error. The SDK does not send them again then.
func (e *Exporter) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	if e.closed.Load() || len(spans) == 0 {
		return nil
	}
	events := make([]record.Event, 0, 2*len(spans))
	for _, s := range spans {
		f := e.fields(s)
		f.Phase, f.Time, f.Info = record.Start, s.StartTime().UnixNano(), e.info(f.Host, e.start(s))
		events = append(events, record.New(f))
		f.Phase, f.Time, f.Info = record.Stop, s.EndTime().UnixNano(), e.info(f.Host, e.stop(s))
		events = append(events, record.New(f))
	}
	return e.sink.Notify(ctx, events)
}

// Shutdown has later spans ignored.
func (e *Exporter) Shutdown(context.Context) error {
	e.closed.Store(true)
	return nil
}

// fields are what both records of a span have.
func (e *Exporter) fields(s trace.ReadOnlySpan) record.Fields {
	f := record.Fields{
		Trace: otelid.BaseID(s.SpanContext().TraceID()), Point: pointID(s.SpanContext()),
		Name: name(s), Project: e.project,
	}
	f.Parent = f.Trace
	if parent := s.Parent(); parent.HasSpanID() {
		f.Parent = pointID(parent)
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
	return f
}

// pointID is the id of a span's point: the UUID that ends in the span's id and begins
// as the trace's, so that it is the trace's own and OpenTelemetry's stores get the
// span's id back.
func pointID(c api.SpanContext) header.ID {
	b, span := [16]byte(c.TraceID()), c.SpanID()
	copy(b[8:], span[:])
	return otelid.BaseID(b)
}

// name is a point's: names are cut at their first dash.
func name(s trace.ReadOnlySpan) string {
	if _, isQuery := otelattr.Statement(s.Attributes()); isQuery {
		return otelattr.QueryName(s.Attributes())
	}
	if name := strings.ReplaceAll(s.Name(), "-", "_"); name != "" {
		return name
	}
	return "span"
}

// kinds are OpenTelemetry's and ours.
var kinds = map[api.SpanKind]layer.Kind{
	api.SpanKindInternal: layer.Internal,
	api.SpanKindServer:   layer.Server,
	api.SpanKindClient:   layer.Client,
	api.SpanKindProducer: layer.Producer,
	api.SpanKindConsumer: layer.Consumer,
}

func (e *Exporter) start(s trace.ReadOnlySpan) map[string]any {
	info := map[string]any{}
	about := map[string]any{"scope": s.InstrumentationScope().Name, "name": s.Name()}
	if text, isQuery := otelattr.Statement(s.Attributes()); isQuery {
		info["db"] = map[string]any{"statement": text}
	}
	if a := e.attributes(s.Attributes()); len(a) > 0 {
		about["attributes"] = a
	}
	info["otel"] = about
	if kind, ok := kinds[s.SpanKind()]; ok {
		info["sonde"] = map[string]any{"kind": kind.String()}
	}
	if links := e.links(s.Links()); len(links) > 0 {
		info["links"] = links
	}
	return info
}

func (e *Exporter) links(from []trace.Link) (all []any) {
	for _, l := range from {
		all = append(all, map[string]any{
			"base_id": otelid.BaseID(l.SpanContext.TraceID()), "trace_id": pointID(l.SpanContext),
			"attributes": e.attributes(l.Attributes),
		})
	}
	return all
}

// stop has how the span ended. The error is what was recorded last, as in the
// semantic conventions, or else the status.
func (e *Exporter) stop(s trace.ReadOnlySpan) map[string]any {
	info := map[string]any{}
	var events []any
	etype, message := otelattr.Text(s.Attributes(), "error.type"), s.Status().Description
	for _, event := range s.Events() {
		if event.Name == "exception" {
			etype, message = otelattr.Text(event.Attributes, "exception.type"), otelattr.Text(event.Attributes, "exception.message")
		}
		events = append(events, map[string]any{
			"name": event.Name, "time": event.Time.UTC(), "attributes": e.attributes(event.Attributes),
		})
	}
	if s.Status().Code == codes.Error {
		if etype == "" {
			etype = "error"
		}
		info["etype"], info["message"] = etype, message
	}
	if len(events) > 0 {
		info["events"] = events
	}
	return info
}

func (e *Exporter) attributes(from []attribute.KeyValue) map[string]any {
	all := make(map[string]any, len(from))
	for _, a := range from {
		switch key := string(a.Key); {
		case otelattr.IsStatement(a):
		case e.mask.Hides(key):
			all[key] = layer.Masked
		case a.Value.Type() == attribute.STRING:
			all[key] = e.mask.URLs(a.Value.AsString())
		default:
			all[key] = otelattr.Plain(a.Value.AsInterface())
		}
	}
	return all
}

// maxDepth is how deep an info may be nested.
const maxDepth = 8

// info is a record's, as record.Fields wants it: in ASCII, with the host last.
func (e *Exporter) info(host string, about map[string]any) []byte {
	text, err := json.Marshal(about)
	if err != nil { // a value that JSON has no word for
		text = []byte(`{}`)
	}
	b := jsontext.AppendShallow(nil, text, maxDepth)
	b = b[:len(b)-1] // the brace
	if len(b) > 1 {
		b = append(b, ',')
	}
	return append(jsontext.AppendString(append(b, `"host":`...), host), '}')
}
