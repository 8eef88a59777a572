package report_test

import (
	"strings"
	"testing"
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
		"own":          {`{"sku":7}`, plain, ""},
		"odd":          {`{"db":"text","request":{"path":["x"],"method":null}}`, plain, `["x"]`},
		"escaped key":  {`{"d\u0062":{"statement":"SELECT 1"}}`, plain, "SELECT 1"},
		"long":         {`{"db":{"statement":"` + strings.Repeat("é", 5000) + `"}}`, plain, strings.Repeat("é", 500)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := build(t, ofPayloads([]string{stored("a-start", "1", "b", at(0), tt.start), stored("a-stop", "1", "b", at(1), tt.stop)}))
			if got := r.Detail(&r.Points[0]); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
