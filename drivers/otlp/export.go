package otlp

import (
	"github.com/sonde-go/sonde/internal/otlpspan"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// export makes the spans of points. A TracesData is an
// ExportTraceServiceRequest on the wire.
func (d *store) export(points []*point) *tracepb.TracesData {
	data := &tracepb.TracesData{}
	spans := map[otlpspan.Source]*tracepb.ScopeSpans{}
	for _, p := range points {
		e := p.first()
		from := otlpspan.Source{Project: e.Project(), Service: e.Service(), Host: e.Host()}
		in := spans[from]
		if in == nil {
			in = &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: otlpspan.Scope}}
			spans[from] = in
			data.ResourceSpans = append(data.ResourceSpans, &tracepb.ResourceSpans{
				Resource: d.spans.Resource(from), ScopeSpans: []*tracepb.ScopeSpans{in},
			})
		}
		in.Spans = append(in.Spans, d.spans.Span(p.start, p.stop))
	}
	return data
}
