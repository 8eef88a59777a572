package sondehttp

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sonde-go/sonde/internal/pointtest"
)

func TestHandlerPassesOn(t *testing.T) {
	svc, rec := pointtest.New(t, "api")
	r := signed(t, "GET", "/")
	pointtest.PassOn(t, func(fn func()) {
		h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fn() })
		Handler(svc, h).ServeHTTP(httptest.NewRecorder(), r)
	})
	rec.Unwound(t, "http")
}

func TestTransportPassesOn(t *testing.T) {
	svc, rec := pointtest.New(t, "front")
	ctx, _ := begin(t, svc)
	pointtest.PassOn(t, func(fn func()) {
		base := roundTripper(func(*http.Request) (*http.Response, error) { fn(); return nil, nil })
		_, _ = Transport(base, AllowAll()).RoundTrip(httptest.NewRequest("GET", "http://a.example/", nil).WithContext(ctx))
	})
	rec.Unwound(t, "http_client")
}
