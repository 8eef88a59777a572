package oteltrace

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// event is something that happened during a span; if err is set, an error that was
// recorded.
type event struct {
	name       string
	time       time.Time
	attributes []attribute.KeyValue
	err        error
	mask       *layer.Mask // of the trace
}

// tellEvents returns the events of s, except the error that the point failed with.
func (s *span) tellEvents() []event {
	var told []event
	for _, e := range s.events {
		if e.err == nil || s.status != codes.Error {
			told = append(told, e)
		}
	}
	return told
}

// MarshalJSON implements [json.Marshaler].
func (e event) MarshalJSON() ([]byte, error) {
	told := struct {
		Name       string         `json:"name"`
		Time       string         `json:"time"`
		Type       string         `json:"etype,omitempty"`
		Message    string         `json:"message,omitempty"`
		Attributes map[string]any `json:"attributes,omitempty"`
	}{Name: e.name, Time: e.time.UTC().Format(time.RFC3339Nano), Attributes: plainMap(e.attributes, e.mask)}
	if e.err != nil {
		told.Type, told.Message = fmt.Sprintf("%T", e.err), e.mask.URLs(e.err.Error())
	}
	return json.Marshal(told)
}

func plainMap(attributes []attribute.KeyValue, mask *layer.Mask) map[string]any {
	if len(attributes) == 0 {
		return nil
	}
	m := make(map[string]any, len(attributes))
	for _, a := range attributes {
		m[string(a.Key)] = otelattr.Masked(mask, a)
	}
	return m
}

// link is a span that a span belongs to besides its parent. The base id is set if
// the linked span is one of ours.
type link struct {
	BaseID     header.ID      `json:"base_id"`
	SpanID     string         `json:"span_id"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

func links(from []trace.Link, mask *layer.Mask) []link {
	l := make([]link, len(from))
	for i, f := range from {
		l[i] = link{otelid.BaseID(f.SpanContext.TraceID()), f.SpanContext.SpanID().String(), plainMap(f.Attributes, mask)}
	}
	return l
}
