package otlpspan

import (
	"encoding/hex"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/otelid"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// The members of info that are links of a span: points or spans, and the
// OpenTelemetry trace that a request ran in.
const (
	linksMember       = "links"
	traceParentMember = "sonde.traceparent"
)

// links are the spans that a point belongs to besides its parent.
func (i *pointInfo) links() (all []*tracepb.Span_Link) {
	for _, m := range i.members {
		switch m.name {
		case traceParentMember:
			if p, ok := header.ParseTraceParent(plain(m.value)); ok {
				all = append(all, &tracepb.Span_Link{TraceId: p.Trace[:], SpanId: p.Span[:], Flags: uint32(p.Flags)})
			}
		case linksMember:
			jsontext.Elements(m.value, func(value []byte) bool {
				if l := link(value); l != nil {
					all = append(all, l)
				}
				return true
			})
		}
	}
	return all
}

// link is an element of info.links: a trace's base id, and either the id of a point,
// as rpctrace has it, or a span id. It is nil if it is none.
func link(value []byte) *tracepb.Span_Link {
	id := func(name string) header.ID {
		member, _ := jsontext.Member(value, name)
		text, _ := jsontext.Text(member)
		id, _ := header.ParseID(text)
		return id
	}
	base := id("base_id")
	if base.IsZero() {
		return nil
	}
	trace := otelid.TraceID(base)
	l := &tracepb.Span_Link{TraceId: trace[:]}
	if point := id("trace_id"); !point.IsZero() {
		span := otelid.SpanID(point)
		l.SpanId = span[:]
	} else if span, err := hex.DecodeString(id("span_id").String()); err == nil && len(span) == 8 {
		l.SpanId = span
	} else {
		return nil
	}
	if given, ok := jsontext.Member(value, "attributes"); ok && given[0] == '{' {
		var a attributes
		jsontext.UniqueMembers(given, func(key, value []byte) { a.member(plain(key), value, nil) })
		l.Attributes, l.DroppedAttributesCount = a.list, a.dropped
	}
	return l
}
