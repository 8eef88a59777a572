package otlp

import (
	"cmp"
	"strings"

	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/profiler"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// scope names what made the spans, as in OSProfiler.
const scope = "osprofiler.drivers.otlp"

// notRemote are a span's flags: it is known whether the parent is remote, and
// it is not said to be.
const notRemote = uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)

// source is what spans of one resource have in common.
type source struct{ project, service, host string }

// export makes the spans of points. A TracesData is an
// ExportTraceServiceRequest on the wire.
func (d *driver) export(points []*point) *tracepb.TracesData {
	data := &tracepb.TracesData{}
	spans := map[source]*tracepb.ScopeSpans{}
	for _, p := range points {
		e := p.first()
		from := source{e.Project, e.Service, e.Host}
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

func (d *driver) resource(from source) *resourcepb.Resource {
	var a attributes
	a.text("service.name", serviceName(d.prefix, from.project, from.service))
	if from.host != "" {
		a.text("host.name", from.host)
	}
	return &resourcepb.Resource{Attributes: a.list}
}

// serviceName is [prefix-][project-]service.
func serviceName(prefix, project, service string) string {
	var parts []string
	for _, part := range []string{prefix, project, service} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "-")
}

func (d *driver) span(p *point) *tracepb.Span {
	e := p.first()
	trace, id := otelid.TraceID(e.BaseID), otelid.SpanID(e.TraceID)
	i := newPointInfo(p)
	began, ended := e.Time, e.Time
	if p.stop != nil {
		ended = max(began, p.stop.Time) // the clocks of two machines may differ
	}
	s := &tracepb.Span{
		TraceId: trace[:], SpanId: id[:], Flags: notRemote,
		Name: valid(i.spanName()), Kind: i.kind(),
		StartTimeUnixNano: uint64(max(0, began)), EndTimeUnixNano: uint64(max(0, ended)),
	}
	if e.ParentID != e.BaseID && !e.ParentID.IsZero() {
		parent := otelid.SpanID(e.ParentID)
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

// spanName names a span as OSProfiler does.
func (i *pointInfo) spanName() string {
	switch {
	case i.has("request.path"):
		return "WSGI_" + i.text("request.method") + "_" + i.text("request.path")
	case i.has("db.statement"):
		return "SQL_" + i.operation()
	case i.has("requests.hostname"):
		return "REQUESTS_" + i.text("requests.method") + "_" + i.text("requests.hostname")
	}
	return i.name
}

// operation is the first word of an SQL statement.
func (i *pointInfo) operation() string {
	words := strings.Fields(i.text("db.statement"))
	if len(words) == 0 {
		return ""
	}
	return strings.ToUpper(words[0])
}

// kind is what info says, and where it says nothing OSProfiler's guess from the
// point's name.
func (i *pointInfo) kind() tracepb.Span_SpanKind {
	named := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(i.name, word) {
				return true
			}
		}
		return false
	}
	switch {
	case i.groups["request"]:
		return tracepb.Span_SPAN_KIND_SERVER
	case i.groups["requests"], i.groups["db"]:
		return tracepb.Span_SPAN_KIND_CLIENT
	case i.groups["grpc"] && named("client"):
		return tracepb.Span_SPAN_KIND_CLIENT
	case i.groups["grpc"]:
		return tracepb.Span_SPAN_KIND_SERVER
	case i.groups["nats"] && named("publish"):
		return tracepb.Span_SPAN_KIND_PRODUCER
	case i.groups["nats"] && named("process"):
		return tracepb.Span_SPAN_KIND_CONSUMER
	case i.groups["nats"] && named("request"):
		return tracepb.Span_SPAN_KIND_CLIENT
	case named("wsgi"):
		return tracepb.Span_SPAN_KIND_SERVER
	case named("db", "http", "api"):
		return tracepb.Span_SPAN_KIND_CLIENT
	}
	return tracepb.Span_SPAN_KIND_INTERNAL
}

// failure says how a point failed, if it did: OSProfiler's way and
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

func (a *attributes) record(name string, e *profiler.Event) {
	if e != nil {
		a.text(name, string(profiler.AppendRecord(nil, e)))
	}
}
