package sondehttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// A Python service calls a Go service: the real OSProfiler makes the headers.
func TestPythonCallsGo(t *testing.T) {
	out := servertest.Python(t).Run(`
import json
from osprofiler import profiler, web
p = profiler.init("key", base_id="a0000001-1111-4111-8111-000000000001")
p.start("nova")
print(json.dumps({"headers": web.get_trace_id_headers(), "open": p.get_id()}, default=bytes.decode))
`)
	var python struct {
		Headers map[string]string
		Open    string
	}
	if err := json.Unmarshal([]byte(out), &python); err != nil {
		t.Fatal(err)
	}
	svc, rec := profilertest.New(t, "go")
	srv := httptest.NewServer(Handler(svc, noop))
	defer srv.Close()
	r, _ := http.NewRequest("GET", srv.URL, nil)
	for name, value := range python.Headers {
		r.Header.Set(name, value)
	}
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, res)
	srv.Close()
	p := rec.One(t, "http")
	equal(t, "base", p.Trace.String(), "a0000001-1111-4111-8111-000000000001")
	equal(t, "parent", p.Parent.String(), python.Open)
}

// A Go service calls a Python service: OSProfiler's middleware joins the trace
// below our point, and stores of the same request what our handler stores.
func TestGoCallsPython(t *testing.T) {
	py := servertest.Python(t, "webob")
	svc, rec := profilertest.New(t, "go")
	ctx, _ := begin(t, svc)

	type call struct {
		Path    string            `json:"path"` // as it is sent
		Query   string            `json:"query"`
		Headers map[string]string `json:"headers"`
	}
	var calls []call
	tr := Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		calls = append(calls, call{r.URL.EscapedPath(), r.URL.RawQuery, map[string]string{
			header.InfoName: r.Header.Get(header.InfoName), header.HMACName: r.Header.Get(header.HMACName)}})
		return nil, errors.New("sent nowhere")
	}), AllowHosts("py.example"))
	targets := []string{"/", "/v2.1/servers?all=1&name=%C3%A9", "/a%2Fb%20c/%C3%A9/~x!$&'()*+,;=:@", "/%5B%22%3C%3E%7C%5E%60%7B%7D%25"}
	for _, target := range targets {
		_, _ = tr.RoundTrip(httptest.NewRequest("GET", "http://py.example"+target, nil).WithContext(ctx))
	}
	input, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	out := py.Run(`
import json, sys, urllib.parse
from osprofiler import notifier, web
import webob, webob.dec

events, answers = [], []
notifier.set(lambda info, context=None: events.append(info))

@webob.dec.wsgify
def app(request):
    answers.append(web.get_trace_id_headers())
    return "ok"

service = web.WsgiMiddleware(app, "key", enabled=True)
for call in json.loads(sys.argv[1]):
    request = webob.Request.blank("/", headers=call["headers"])
    request.environ["PATH_INFO"] = urllib.parse.unquote(call["path"], "latin-1")
    request.environ["QUERY_STRING"] = call["query"]
    request.get_response(service)
print(json.dumps({"events": events, "answers": answers}, default=bytes.decode))
`, string(input))
	var python struct {
		Events []struct {
			Name     string
			BaseID   string `json:"base_id"`
			ParentID string `json:"parent_id"`
			TraceID  string `json:"trace_id"`
			Info     struct{ Request any }
		}
		Answers []map[string]string
	}
	if err := json.Unmarshal([]byte(out), &python); err != nil {
		t.Fatal(err)
	}
	if len(python.Events) != 2*len(targets) || len(python.Answers) != len(targets) {
		t.Fatalf("%s", out)
	}
	points := rec.Named(t, "http_client")
	keys, _ := header.ParseKeys("key")
	for i, target := range targets {
		start := python.Events[2*i]
		equal(t, target+": name", start.Name, "wsgi-start")
		equal(t, target+": base", start.BaseID, points[i].Trace.String())
		equal(t, target+": parent", start.ParentID, points[i].ID.String())

		// What the Python service sends on comes back to us.
		in, _, err := keys.Verify(header.Signed{Info: python.Answers[i][header.InfoName], HMAC: python.Answers[i][header.HMACName]})
		equal(t, target+": sent on", []any{in.ParentID.String(), err}, []any{start.TraceID, nil})

		svc, rec := profilertest.New(t, "go")
		Handler(svc, noop).ServeHTTP(httptest.NewRecorder(), signed(t, "GET", target))
		equal(t, target+": request", rec.One(t, "http").Start["request"], start.Info.Request)
	}
}
