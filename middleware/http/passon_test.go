package sondehttp

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestHandlerPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	r := signed(t, "GET", "/")
	profilertest.PassOn(t, func(fn func()) {
		h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fn() })
		Handler(svc, h).ServeHTTP(httptest.NewRecorder(), r)
	})
	rec.Unwound(t, "http")
}

func TestTransportPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	ctx, _ := begin(t, svc)
	profilertest.PassOn(t, func(fn func()) {
		base := roundTripper(func(*http.Request) (*http.Response, error) { fn(); return nil, nil })
		_, _ = Transport(base, AllowAll()).RoundTrip(httptest.NewRequest("GET", "http://a.example/", nil).WithContext(ctx))
	})
	rec.Unwound(t, "http_client")
}
