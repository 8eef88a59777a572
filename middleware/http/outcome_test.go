package sondehttp

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/profiler/profilertest"
)

// 500 is the least status that is a failure.
func TestStatus500(t *testing.T) {
	for status, etype := range map[int]any{499: nil, 500: "sondehttp.StatusError"} {
		svc, rec := profilertest.New(t, "api")
		Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })).
			ServeHTTP(httptest.NewRecorder(), signed(t, "GET", "/"))
		equal(t, "server", rec.One(t, "http").Stop["etype"], etype)
		ctx, _ := begin(t, svc)
		roundTrip(t, ctx, &http.Response{StatusCode: status, Body: http.NoBody}, nil)
		equal(t, "client", rec.One(t, "http_client").Stop["etype"], etype)
	}
}

// roundTrip makes a call that is answered so.
func roundTrip(t *testing.T, ctx context.Context, res *http.Response, err error) *http.Response {
	t.Helper()
	tr := Transport(roundTripper(func(*http.Request) (*http.Response, error) { return res, err }), AllowAll())
	res, got := tr.RoundTrip(httptest.NewRequest("GET", "http://a.example/", nil).WithContext(ctx))
	if got != err {
		t.Errorf("error %v", got)
	}
	return res
}

// A call is cancelled only if its answer had not come.
func TestTransportCancelledOrAnswered(t *testing.T) {
	text := func(err error) io.ReadCloser {
		return io.NopCloser(io.MultiReader(strings.NewReader("text"), failing{err}))
	}
	use := func(status int, body io.ReadCloser, read func(io.ReadCloser)) func(*testing.T, context.Context, func()) {
		return func(t *testing.T, ctx context.Context, cancel func()) {
			res := roundTrip(t, ctx, &http.Response{StatusCode: status, Body: body}, nil)
			read(res.Body)
			cancel()
			_ = res.Body.Close()
		}
	}
	readAll := func(b io.ReadCloser) { _, _ = io.ReadAll(b) }
	answer := func(status, bytes float64) m { return m{"status_code": status, "bytes": bytes} }
	for name, test := range map[string]struct {
		call func(*testing.T, context.Context, func())
		want m
	}{
		"before the answer": {func(t *testing.T, ctx context.Context, cancel func()) {
			cancel()
			roundTrip(t, ctx, nil, ctx.Err())
		}, m{"outcome": "cancelled"}},
		"after the answer":          {use(200, text(io.EOF), readAll), m{"requests": answer(200, 4)}},
		"after a failure":           {use(500, text(io.EOF), readAll), m{"etype": "sondehttp.StatusError", "message": "500 Internal Server Error", "requests": answer(500, 4)}},
		"without a body":            {use(200, http.NoBody, readAll), m{"requests": answer(200, 0)}},
		"closed unread":             {use(200, text(io.EOF), func(b io.ReadCloser) { _ = b.Close() }), m{"requests": answer(200, 0)}},
		"in the body":               {use(200, text(context.Canceled), readAll), m{"outcome": "cancelled", "requests": answer(200, 4)}},
		"in the body of a failure":  {use(500, text(context.Canceled), readAll), m{"outcome": "cancelled", "requests": answer(500, 4)}},
		"in the body, read further": {use(200, text(context.Canceled), func(b io.ReadCloser) { readAll(b); readAll(b) }), m{"outcome": "cancelled", "requests": answer(200, 4)}},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "front")
			ctx, _ := begin(t, svc)
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			test.call(t, ctx, cancel)
			equal(t, "stop", rec.One(t, "http_client").Stop, test.want)
		})
	}
}

// failing is a reader that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A request is cancelled only if its client went away before the answer was
// complete, which only a declared length tells.
func TestHandlerCancelledOrAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		length, write string
		status        int
		want          m
	}{
		"complete":          {"4", "text", 200, m{}},
		"complete failure":  {"4", "text", 500, m{"etype": "sondehttp.StatusError", "message": "500 Internal Server Error"}},
		"one byte short":    {"5", "text", 200, m{"outcome": "cancelled"}},
		"failure cut short": {"5", "text", 500, m{"outcome": "cancelled"}},
		"no length":         {"", "text", 200, m{"outcome": "cancelled"}},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "api")
			r := signed(t, "GET", "/")
			ctx, cancel := context.WithCancel(r.Context())
			Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.length != "" {
					w.Header().Set("Content-Length", test.length)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.write)
				cancel()
			})).ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
			test.want["response"] = m{"status_code": float64(test.status), "bytes": 4.0}
			equal(t, "stop", rec.One(t, "http").Stop, test.want)
		})
	}
}
