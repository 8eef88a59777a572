package otlpjson

import (
	"encoding/hex"
	"math"
	"strconv"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/otlpspan"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// document writes OTLP's messages as JSON: ids in hexadecimal and enums as numbers,
// which protobuf's own JSON has not.
type document struct{ *jsontext.Writer }

// comma comes before all items of a list but the first.
func (j *document) comma(i int) {
	if i > 0 {
		j.Raw(",")
	}
	j.Line(0)
}

// resource begins the spans of the source number n.
func (j *document) resource(n int, m *otlpspan.Maker, from otlpspan.Source) {
	j.comma(n)
	j.Raw("\n{\"resource\":{")
	j.attributes("", m.Resource(from).Attributes)
	j.Raw(`},"scopeSpans":[{"scope":{"name":"` + otlpspan.Scope + `"},"spans":[`)
}

func (j *document) span(s *tracepb.Span) {
	j.Raw(`{"traceId":"` + hex.EncodeToString(s.TraceId) + `","spanId":"` + hex.EncodeToString(s.SpanId) + `"`)
	if len(s.ParentSpanId) > 0 {
		j.Raw(`,"parentSpanId":"` + hex.EncodeToString(s.ParentSpanId) + `"`)
	}
	j.Raw(`,"flags":`)
	j.Integer(int64(s.Flags))
	j.Raw(`,"name":`)
	j.String(s.Name)
	j.Raw(`,"kind":`)
	j.Integer(int64(s.Kind))
	j.time(",", "startTimeUnixNano", s.StartTimeUnixNano)
	j.time(",", "endTimeUnixNano", s.EndTimeUnixNano)
	j.attributes(",", s.Attributes)
	if s.DroppedAttributesCount > 0 {
		j.Raw(`,"droppedAttributesCount":`)
		j.Integer(int64(s.DroppedAttributesCount))
	}
	for i, e := range s.Events {
		if i == 0 {
			j.Raw(`,"events":[`)
		}
		j.comma(i)
		j.Raw("{")
		j.time("", "timeUnixNano", e.TimeUnixNano)
		j.Raw(`,"name":`)
		j.String(e.Name)
		j.attributes(",", e.Attributes)
		j.Raw("}")
		if i == len(s.Events)-1 {
			j.Raw("]")
		}
	}
	if s.Status != nil {
		j.Raw(`,"status":{"message":`)
		j.String(s.Status.Message)
		j.Raw(`,"code":`)
		j.Integer(int64(s.Status.Code))
		j.Raw("}")
	}
	j.Raw("}")
}

// time writes a number of 64 bits, which is a string in JSON.
func (j *document) time(before, name string, nanos uint64) {
	j.Raw(before + `"` + name + `":"` + strconv.FormatUint(nanos, 10) + `"`)
}

func (j *document) attributes(before string, list []*commonpb.KeyValue) {
	j.Raw(before + `"attributes":[`)
	for i, kv := range list {
		j.comma(i)
		j.Raw(`{"key":`)
		j.String(kv.Key)
		j.Raw(`,"value":{`)
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			j.Raw(`"stringValue":`)
			j.String(v.StringValue)
		case *commonpb.AnyValue_BoolValue:
			j.Raw(`"boolValue":` + strconv.FormatBool(v.BoolValue))
		case *commonpb.AnyValue_IntValue:
			j.Raw(`"intValue":"` + strconv.FormatInt(v.IntValue, 10) + `"`)
		case *commonpb.AnyValue_DoubleValue:
			j.Raw(`"doubleValue":`)
			j.double(v.DoubleValue)
		}
		j.Raw("}}")
	}
	j.Raw("]")
}

// double writes a number as protobuf's JSON does.
func (j *document) double(f float64) {
	switch {
	case math.IsInf(f, 1):
		j.Raw(`"Infinity"`)
	case math.IsInf(f, -1):
		j.Raw(`"-Infinity"`)
	default:
		j.Raw(strconv.FormatFloat(f, 'g', -1, 64))
	}
}
