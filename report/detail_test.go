package report_test

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
)

func TestDetail(t *testing.T) {
	tests := map[string]struct{ start, stop, want string }{
		"server":       {`{"request":{"path":"/cart","query":"a=1","method":"GET","scheme":"http"}}`, `{"response":{"status_code":404}}`, "GET /cart 404"},
		"upstream's":   {`{"request":{"path":"/cart","query":"","method":"GET","scheme":"http"}}`, plain, "GET /cart"},
		"client":       {`{"requests":{"method":"POST","path":"/pay","hostname":"bank","port":null}}`, `{"requests":{"status_code":200}}`, "POST bank/pay 200"},
		"client, port": {`{"requests":{"method":"POST","path":"/pay","hostname":"bank","port":8443}}`, plain, "POST bank:8443/pay"},
		"query":        {`{"db":{"statement":"SELECT 1","params":[]}}`, plain, "SELECT 1"},
		"grpc":         {`{"grpc":{"method":"/a.B/C"}}`, `{"grpc":{"code":"OK"}}`, "/a.B/C OK"},
		"nats":         {`{"nats":{"subject":"orders"}}`, plain, "orders"},
		"function":     {`{"function":{"name":"mod.fn","args":"()"}}`, plain, "mod.fn"},
		"outcome":      {`{"request":{"path":"/","method":"GET"}}`, `{"outcome":"cancelled"}`, "GET / (cancelled)"},
		"foreign":      {`{"pulsar":{"topic":"t"},"sonde":{"layer":{"group":"pulsar","label":"{pulsar.topic}/{pulsar.offset}"}}}`, `{"pulsar":{"offset":3}}`, "t/3"},
		"a fake of db": {`{"db":{"statement":"SELECT 1"},"sonde":{"layer":{"group":"db","label":"fake"}}}`, plain, "SELECT 1"},
		"outcome only": {`{"sku":7}`, `{"outcome":"timeout"}`, "(timeout)"},
		"own":          {`{"sku":7}`, plain, ""},
		"odd":          {`{"db":"text","request":{"path":["x"],"method":null}}`, plain, `["x"]`},
		"escaped key":  {`{"d\u0062":{"statement":"SELECT 1"}}`, plain, "SELECT 1"},
		"long":         {`{"db":{"statement":"` + strings.Repeat("é", 5000) + `"}}`, plain, strings.Repeat("é", 500)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := build(t, ofPayloads([]string{stored("a-start", "1", "b", at(0), tt.start), stored("a-stop", "1", "b", at(1), tt.stop)}))
			if got := r.Detail(r.At(0)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKind(t *testing.T) {
	const pulsar = `"sonde":{"kind":"","layer":{"group":"pulsar","kind":"consumer"}}`
	for info, want := range map[string]layer.Kind{
		`{"request":{}}`:                        layer.Server,
		`{"requests":{}}`:                       layer.Client,
		`{"db":{}}`:                             layer.Client,
		`{"grpc":{}}`:                           layer.Unspecified,
		`{"grpc":{},"sonde":{"kind":"client"}}`: layer.Client,
		`{"request":{},"sonde":{"kind":"internal"}}`: layer.Internal,
		`{"sonde":{"kind":"internal"}}`:              layer.Internal,
		`{"sonde":{"kind":7},"db":{}}`:               layer.Client,
		`{"pulsar":{},` + pulsar + `}`:               layer.Consumer,
		`{"pulsar":{}}`:                              layer.Unspecified,
		`{"pulsar":{},"sonde":{"layer":["group"]}}`:  layer.Unspecified,
		`{}`: layer.Unspecified,
	} {
		r := build(t, ofPayloads([]string{stored("a-start", "1", "b", at(0), info)}))
		if got := r.Kind(r.At(0)); got != want {
			t.Errorf("%s is of kind %v, want %v", info, got, want)
		}
	}
}

// TestLayerOnce: a layer is described once in a trace, and counts for all of
// its points, before and after.
func TestLayerOnce(t *testing.T) {
	r := build(t, ofPayloads([]string{
		stored("a-start", "1", "b", at(0), `{"bus":{"topic":"x"}}`),
		stored("c-start", "2", "b", at(1), `{"bus":{"topic":"y"},"sonde":{"kind":"producer","layer":{"group":"bus","label":"{bus.topic}"}}}`),
		stored("d-start", "3", "b", at(2), `{"bus":{"topic":"z"},"sonde":{"layer":{"group":"bus","label":"another"}}}`),
	}))
	var got []string
	for i := range r.Len() {
		got = append(got, r.Detail(r.At(i)))
	}
	if want := "x y z"; strings.Join(got, " ") != want {
		t.Errorf("details %q, want %q", got, want)
	}
}
