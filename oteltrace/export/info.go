package export

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// kinds are OpenTelemetry's and ours.
var kinds = map[api.SpanKind]layer.Kind{
	api.SpanKindInternal: layer.Internal,
	api.SpanKindServer:   layer.Server,
	api.SpanKindClient:   layer.Client,
	api.SpanKindProducer: layer.Producer,
	api.SpanKindConsumer: layer.Consumer,
}

// start is the info of a span's first record. What comes first has the room.
func (e *Exporter) start(s trace.ReadOnlySpan, host string) []byte {
	i := e.newInfo()
	about := map[string]any{"scope": i.text(cut(s.InstrumentationScope().Name)), "name": i.text(cut(s.Name()))}
	if text, isQuery := otelattr.Statement(s.Attributes()); isQuery {
		i.members["db"] = map[string]any{"statement": i.text(text)}
	}
	if a := i.attributes(s.Attributes()); len(a) > 0 {
		about["attributes"] = a
	}
	i.members["otel"] = about
	if kind, ok := kinds[s.SpanKind()]; ok {
		i.sonde["kind"] = kind.String()
	}
	var links []any
	for _, l := range s.Links() {
		if !l.SpanContext.IsValid() {
			continue
		}
		if !i.has(len(`{"base_id":"","trace_id":"","attributes":{}},`) + 2*36) {
			break
		}
		links = append(links, map[string]any{
			"base_id": otelid.BaseID(l.SpanContext.TraceID()), "trace_id": pointID(l.SpanContext.TraceID(), l.SpanContext.SpanID()),
			"attributes": i.attributes(l.Attributes),
		})
	}
	if len(links) > 0 {
		i.members["links"] = links
	}
	return i.encoded(host)
}

// stop is the info of a span's second record, which has how the span ended. The error
// is what was recorded last, as in the semantic conventions, or else the status.
func (e *Exporter) stop(s trace.ReadOnlySpan, host string) []byte {
	i := e.newInfo()
	if s.Status().Code == codes.Error {
		etype, message := otelattr.Text(s.Attributes(), "error.type"), s.Status().Description
		for _, event := range s.Events() {
			if event.Name == "exception" {
				etype, message = otelattr.Text(event.Attributes, "exception.type"), otelattr.Text(event.Attributes, "exception.message")
			}
		}
		if etype == "" {
			etype = "error"
		}
		i.members["etype"], i.members["message"] = i.text(etype), i.text(e.mask.URLs(message))
	}
	var events []any
	for _, event := range s.Events() {
		if !i.has(len(`{"name":"","time":"","attributes":{}},`) + len(time.RFC3339Nano)) {
			break
		}
		events = append(events, map[string]any{
			"name": i.text(event.Name), "time": event.Time.UTC().Format(time.RFC3339Nano), "attributes": i.attributes(event.Attributes),
		})
	}
	if len(events) > 0 {
		i.members["events"] = events
	}
	return i.encoded(host)
}

// maxInfo is how many bytes of what a span says a record takes, and maxDepth how deep
// they may be nested.
const (
	maxInfo  = 16 << 10
	maxDepth = 8
)

// info is a record's while it is gathered.
type info struct {
	members, sonde map[string]any
	mask           *layer.Mask
	left           int // bytes
}

func (e *Exporter) newInfo() *info {
	return &info{map[string]any{}, map[string]any{}, &e.mask, maxInfo}
}

// has takes n bytes, if there are as many.
func (i *info) has(n int) bool {
	if i.left < n {
		i.sonde["truncated"] = true
		return false
	}
	i.left -= n
	return true
}

// text takes the room that s needs, and cuts s if there is less.
func (i *info) text(s string) string {
	if len(s) > i.left {
		i.sonde["truncated"] = true
		s = cutBytes(s, i.left)
	}
	if !i.has(len(jsontext.Escaped(s))) {
		s = cutBytes(s, i.left/6) // the longest escape is six bytes
		i.left -= len(jsontext.Escaped(s))
	}
	return s
}

// cutBytes is the beginning of s, n bytes at the most.
func cutBytes(s string, n int) string {
	n = min(n, len(s))
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (i *info) attributes(from []attribute.KeyValue) map[string]any {
	all := make(map[string]any, len(from))
	for _, a := range from {
		if otelattr.IsStatement(a) {
			continue
		}
		key := cut(string(a.Key))
		if !i.has(len(`"":"",`) + len(jsontext.Escaped(key))) {
			break
		}
		switch value := otelattr.Masked(i.mask, a).(type) {
		case string:
			all[key] = i.text(value)
		default:
			if text, err := json.Marshal(value); err != nil || !i.has(len(text)) {
				all[key] = "…"
				continue
			}
			all[key] = value
		}
	}
	return all
}

// encoded is the info as record.Fields wants it: in ASCII, with the host last.
func (i *info) encoded(host string) []byte {
	if len(i.sonde) > 0 {
		i.members["sonde"] = i.sonde
	}
	text, err := json.Marshal(i.members)
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
