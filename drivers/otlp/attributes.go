package otlp

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/sonde-go/sonde/internal/jsontext"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
)

// renamed has the attributes that members of info become: OSProfiler's name
// first, where it has one, then that of the semantic conventions. The others
// keep their own names.
var renamed = map[string][]string{
	"request.path":         {"http.path", "url.path"},
	"request.query":        {"http.query", "url.query"},
	"request.method":       {"http.method", "http.request.method"},
	"request.scheme":       {"http.scheme", "url.scheme"},
	"response.status_code": {"http.response.status_code"},
	"response.route":       {"http.route"},
	"requests.path":        {"http.path", "url.path"},
	"requests.query":       {"http.query", "url.query"},
	"requests.method":      {"http.method", "http.request.method"},
	"requests.scheme":      {"http.scheme", "url.scheme"},
	"requests.hostname":    {"http.hostname", "server.address"},
	"requests.port":        {"http.port", "server.port"},
	"requests.status_code": {"status_code", "http.response.status_code"},
	"db.statement":         {"db.statement", "db.query.text"},
	"db.result":            {"result"},
	"db.rows":              {"db.response.returned_rows"},
	"function.args":        {"args"},
	"function.kwargs":      {"kwargs"},
	"function.name":        {"name", "code.function.name"},
	"function.result":      {"result"},
	"nats.subject":         {"messaging.destination.name"},
	"nats.bytes":           {"messaging.message.body.size"},
	"nats.messages":        {"messaging.batch.message_count"},
	"nats.queue":           {"messaging.consumer.group.name"},
}

// maxAttributes is how many members of info become attributes, as many as
// OpenTelemetry's SDKs allow.
const maxAttributes = 128

// describe makes the attributes of a point.
func (i *pointInfo) describe(a *attributes) {
	for _, m := range i.members {
		a.member(m.name, m.value)
	}
	if i.has("db.statement") {
		a.text("db.operation.name", i.operation())
	}
	if i.groups["grpc"] {
		a.text("rpc.system.name", "grpc")
		a.text("rpc.method", strings.TrimPrefix(i.text("grpc.method"), "/"))
		if code := i.text("grpc.code"); code != "" {
			a.text("rpc.response.status_code", upperSnake(code))
		}
	}
	if i.groups["nats"] {
		a.text("messaging.system", "nats")
		switch {
		case strings.Contains(i.name, "publish"), strings.Contains(i.name, "request"):
			a.text("messaging.operation.type", "send")
		case strings.Contains(i.name, "process"):
			a.text("messaging.operation.type", "process")
		}
	}
}

// upperSnake writes a gRPC code as the conventions do: DeadlineExceeded is
// DEADLINE_EXCEEDED.
func upperSnake(code string) string {
	if code == "OK" {
		return code
	}
	if code == "Canceled" {
		return "CANCELLED"
	}
	var b strings.Builder
	for i, r := range code {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// attributes are a list in which each key is once; the last value counts.
type attributes struct {
	list    []*commonpb.KeyValue
	dropped uint32
}

func (a *attributes) set(key string, v *commonpb.AnyValue) {
	key = valid(key)
	for _, kv := range a.list {
		if kv.Key == key {
			kv.Value = v
			return
		}
	}
	a.list = append(a.list, &commonpb.KeyValue{Key: key, Value: v})
}

func (a *attributes) text(key, text string) {
	a.set(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: valid(text)}})
}

func (a *attributes) flag(key string) {
	a.set(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}})
}

// member adds a member of info.
func (a *attributes) member(name string, value []byte) {
	v := anyValue(value)
	if v == nil || name == "" {
		return
	}
	if len(a.list) >= maxAttributes {
		a.dropped++
		return
	}
	keys := renamed[name]
	if keys == nil {
		a.set(name, v)
	}
	for _, key := range keys {
		a.set(key, v)
	}
}

// anyValue is a JSON value as an attribute's, nil for null. Arrays are JSON text.
func anyValue(value []byte) *commonpb.AnyValue {
	switch value[0] {
	case 'n':
		return nil
	case 't', 'f':
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: value[0] == 't'}}
	}
	text, isText := jsontext.Text(value)
	if !isText {
		text = string(value)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, ".eE") {
			return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}
		}
	}
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: valid(text)}}
}

// valid makes text what protobuf takes as text.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
