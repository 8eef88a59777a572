// Package otlpspan makes OpenTelemetry's spans of trace points: the OTLP driver sends
// them and a form of reports writes them.
//
// Kinds, names and attributes of spans are those of the point's layer, see package
// layer, and OSProfiler's where it has recorded the point.
package otlpspan

import (
	"cmp"
	"strings"

	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Scope is the instrumentation scope of the spans, as in OSProfiler.
const Scope = "osprofiler.drivers.otlp"

// notRemote are the flags of a span whose parent is known not to be remote.
const notRemote = uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)

// Maker makes spans. It is safe for concurrent use.
type Maker struct {
	// Prefix comes before the names of services.
	Prefix string

	// Records says that a span keeps the records of its point as attributes.
	Records bool

	// Foreign returns the layer of a group that records have described, nil if none
	// has. It is required.
	Foreign func(group string) *layer.Layer
}

// Source is what the spans of one resource share.
type Source struct{ Project, Service, Host string }

// Resource describes a service by OpenTelemetry's conventions.
func (m *Maker) Resource(from Source) *resourcepb.Resource {
	var a attributes
	a.text("service.name", serviceName(m.Prefix, from.Project, from.Service))
	if from.Host != "" {
		a.text("host.name", from.Host)
	}
	return &resourcepb.Resource{Attributes: a.list}
}

// serviceName is [prefix-][project-]service, as OSProfiler's OTLP driver has it.
func serviceName(prefix, project, service string) string {
	var parts []string
	for _, part := range []string{prefix, project, service} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "-")
}

// Span makes the span of a point, of which one record may be nil. A point without a
// stop ends when it starts, and one without a start begins when it stops, with a flag
// that says so. The point whose parent is the trace itself is the root: it has no
// parent in OpenTelemetry, where a trace is not a span.
func (m *Maker) Span(start, stop *record.Event) *tracepb.Span {
	e := cmp.Or(start, stop)
	trace, id := otelid.TraceID(e.Trace()), otelid.SpanID(e.Point())
	i := newPointInfo(start, stop, m.Foreign)
	began, ended := e.Time(), e.Time()
	if stop != nil {
		ended = max(began, stop.Time()) // the clocks of two machines may differ
	}
	s := &tracepb.Span{
		TraceId: trace[:], SpanId: id[:], Flags: notRemote,
		Name: Valid(i.spanName()), Kind: spanKinds[i.kind()],
		StartTimeUnixNano: uint64(max(0, began)), EndTimeUnixNano: uint64(max(0, ended)),
	}
	if e.Parent() != e.Trace() && !e.Parent().IsZero() {
		parent := otelid.SpanID(e.Parent())
		s.ParentSpanId = parent[:]
	}
	var a attributes
	i.describe(&a)
	if stop == nil {
		a.flag("sonde.unfinished")
	}
	if start == nil {
		a.flag("sonde.unstarted")
	}
	i.failure(&a, s)
	if m.Records {
		a.record(AttrStart, start)
		a.record(AttrStop, stop)
	}
	s.Attributes, s.DroppedAttributesCount = a.list, a.dropped
	s.Links = i.links()
	return s
}

// spanName names a span by its layer if Sonde has recorded the point, or else as
// OSProfiler does.
func (i *pointInfo) spanName() string {
	if i.ours {
		for _, l := range i.layers {
			if name := layer.Expand(l.Span, func(path string) string { return i.named(l, path) }); name != "" {
				return name
			}
		}
		return i.name
	}
	switch {
	case i.has("request.path"):
		return "WSGI_" + i.text("request.method") + "_" + i.text("request.path")
	case i.has("db.statement"):
		return "SQL_" + i.operation(layer.SQL)
	case i.has("requests.hostname"):
		return "REQUESTS_" + i.text("requests.method") + "_" + i.text("requests.hostname")
	}
	return i.name
}

// named is the text for a path in the name of a span of layer l, formatted as the
// layer's attribute is.
func (i *pointInfo) named(l *layer.Layer, path string) string {
	if path == "operation" {
		return i.operation(l)
	}
	text := i.text(path)
	for k := range l.Attributes {
		if member, _ := l.Attributes[k].Member(); member == path {
			if formatted, ok := l.Attributes[k].Format(text); ok {
				return formatted
			}
		}
	}
	return text
}

// operation is what "{operation}" stands for, see [layer.Layer.Operation].
func (i *pointInfo) operation(l *layer.Layer) string {
	return l.Operation(i.kind(), i.text("db.statement"))
}

// kind is what the records say, or else what their layer implies, or else
// OSProfiler's guess from the point's name.
func (i *pointInfo) kind() layer.Kind {
	if k := layer.ParseKind(i.text("sonde.kind")); k != layer.Unspecified {
		return k
	}
	for _, l := range i.layers {
		if l.Kind != layer.Unspecified {
			return l.Kind
		}
	}
	named := func(word string) bool { return strings.Contains(i.name, word) }
	switch {
	case i.ours:
		return layer.Internal
	case named("wsgi"):
		return layer.Server
	case named("db"), named("http"), named("api"):
		return layer.Client
	}
	return layer.Internal
}

// spanKinds are the kinds as OpenTelemetry numbers them.
var spanKinds = map[layer.Kind]tracepb.Span_SpanKind{
	layer.Internal: tracepb.Span_SPAN_KIND_INTERNAL,
	layer.Server:   tracepb.Span_SPAN_KIND_SERVER,
	layer.Client:   tracepb.Span_SPAN_KIND_CLIENT,
	layer.Producer: tracepb.Span_SPAN_KIND_PRODUCER,
	layer.Consumer: tracepb.Span_SPAN_KIND_CONSUMER,
}

// failure records how a point failed, if it did, in OSProfiler's way and in
// OpenTelemetry's.
func (i *pointInfo) failure(a *attributes, s *tracepb.Span) {
	if i.etype == nil {
		return
	}
	etype, message := plain(i.etype), plain(i.message)
	a.flag("error")
	a.text("error.type", cmp.Or(etype, "_OTHER"))
	s.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: Valid(message)}
	var log, exception attributes
	log.text("error.kind", etype)
	exception.text("exception.type", etype)
	if i.message != nil {
		log.text("message", message)
		exception.text("exception.message", message)
	}
	s.Events = []*tracepb.Span_Event{
		{Name: "log", TimeUnixNano: s.EndTimeUnixNano, Attributes: log.list},
		{Name: "exception", TimeUnixNano: s.EndTimeUnixNano, Attributes: exception.list},
	}
}

// The attributes that hold the records of a point, for Jaeger.
const (
	AttrStart = "sonde.start"
	AttrStop  = "sonde.stop"
)

func (a *attributes) record(name string, e *record.Event) {
	if e != nil {
		a.text(name, string(e.JSON()))
	}
}
