package otlp

import (
	"cmp"
	"strings"

	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// scope is the instrumentation scope of the spans, as in OSProfiler.
const scope = "osprofiler.drivers.otlp"

// notRemote are the flags of a span whose parent is known not to be remote.
const notRemote = uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)

// source is what the spans of one resource share.
type source struct{ project, service, host string }

// export makes the spans of points. A TracesData is an
// ExportTraceServiceRequest on the wire.
func (d *store) export(points []*point) *tracepb.TracesData {
	data := &tracepb.TracesData{}
	spans := map[source]*tracepb.ScopeSpans{}
	for _, p := range points {
		e := p.first()
		from := source{e.Project(), e.Service(), e.Host()}
		in := spans[from]
		if in == nil {
			in = &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: scope}}
			spans[from] = in
			data.ResourceSpans = append(data.ResourceSpans, &tracepb.ResourceSpans{
				Resource: d.resource(from), ScopeSpans: []*tracepb.ScopeSpans{in},
			})
		}
		in.Spans = append(in.Spans, d.span(p))
	}
	return data
}

// resource describes a service by OpenTelemetry's conventions.
func (d *store) resource(from source) *resourcepb.Resource {
	var a attributes
	a.text("service.name", serviceName(d.prefix, from.project, from.service))
	if from.host != "" {
		a.text("host.name", from.host)
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

// span makes the span of a point. A point without a stop ends when it starts, and
// one without a start begins when it stops, with a flag that says so. The point
// whose parent is the trace itself is the root: it has no parent in OpenTelemetry,
// where a trace is not a span.
func (d *store) span(p *point) *tracepb.Span {
	e := p.first()
	trace, id := otelid.TraceID(e.Trace()), otelid.SpanID(e.Point())
	i := newPointInfo(p, &d.foreign)
	began, ended := e.Time(), e.Time()
	if p.stop != nil {
		ended = max(began, p.stop.Time()) // the clocks of two machines may differ
	}
	s := &tracepb.Span{
		TraceId: trace[:], SpanId: id[:], Flags: notRemote,
		Name: valid(i.spanName()), Kind: spanKinds[i.kind()],
		StartTimeUnixNano: uint64(max(0, began)), EndTimeUnixNano: uint64(max(0, ended)),
	}
	if e.Parent() != e.Trace() && !e.Parent().IsZero() {
		parent := otelid.SpanID(e.Parent())
		s.ParentSpanId = parent[:]
	}
	var a attributes
	i.describe(&a)
	if p.stop == nil {
		a.flag("sonde.unfinished")
	}
	if p.start == nil {
		a.flag("sonde.unstarted")
	}
	i.failure(&a, s)
	if d.keep {
		a.record(attrStart, p.start)
		a.record(attrStop, p.stop)
	}
	s.Attributes, s.DroppedAttributesCount = a.list, a.dropped
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
	s.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: valid(message)}
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
	attrStart = "sonde.start"
	attrStop  = "sonde.stop"
)

func (a *attributes) record(name string, e *record.Event) {
	if e != nil {
		a.text(name, string(e.JSON()))
	}
}
