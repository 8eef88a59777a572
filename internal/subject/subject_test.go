package subject

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// texts are members of an info by their paths.
type texts map[string]string

func (t texts) Text(path string) []byte             { return []byte(t[path]) }
func (t texts) Fingerprint(statement []byte) string { return strings.ToUpper(string(statement)) }

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		l    *layer.Layer
		kind layer.Kind
		in   texts
		want string
	}{
		{nil, layer.Internal, texts{"method": "get_all", "a": "b"}, "get_all"},
		{layer.SQL, layer.Client, texts{"db.statement": "select 1"}, "SELECT 1"},
		{layer.SQL, layer.Client, texts{"db.statement": "select 1", "db.fingerprint": "x"}, "x"},
		{layer.HTTPClient, layer.Client, texts{"requests.method": "GET", "requests.hostname": "bank", "requests.path": "/v1/pay/17/x2y"}, "GET bank/v1/pay/*/*"},
		{layer.HTTPServer, layer.Server, texts{"request.method": "GET", "request.path": "/a/7"}, "GET /a/*"},
		{layer.HTTPServer, layer.Server, texts{"request.method": "GET", "request.path": "/a/7", "response.route": "GET /a/{id}/{$}"}, "GET /a/{id}/"},
		{layer.HTTPServer, layer.Server, texts{"request.path": "/a"}, "/a"},
		{layer.GRPC, layer.Client, texts{"grpc.method": "/a.B/C"}, "/a.B/C"},
		{layer.NATS, layer.Producer, texts{"nats.subject": "orders.17.new"}, "orders.*.new"},
		{layer.Function, layer.Internal, texts{"function.name": "main.f", "function.args": "[1]"}, "main.f"},
		{layer.Redis, layer.Client, texts{"redis.command": "GET", "redis.key": "k"}, "GET"},
		{layer.Kafka, layer.Producer, texts{"kafka.topic": "t"}, "send t"},
	} {
		if got := string(Append([]byte("before "), c.l, c.kind, c.in)); got != "before "+c.want {
			t.Errorf("%v: got %q, want %q", c.in, got, "before "+c.want)
		}
	}
}
