package sondetest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Request is [httptest.NewRequestWithContext] with the signed headers of the
// profile that ctx carries, so that a handler of one of the Recorder's Services
// joins it. The request's own context carries no profile, as that of a request from
// outside does not: nothing of a handler without a Service is recorded.
func Request(ctx context.Context, method, target string, body io.Reader) *http.Request {
	r := httptest.NewRequestWithContext(profiler.Detach(ctx), method, target, body)
	profiler.Inject(ctx, r.Header)
	return r
}

// Client returns a client that is c, with each request signed for the profile that
// ctx carries, whatever the request's own context is:
//
//	res, err := sondetest.Client(ctx, srv.Client()).Get(srv.URL + "/cart/7")
//
// The requests of clients that have sondehttp.Transport need only the context. It
// signs requests to any host; use it for a server of the test.
func Client(ctx context.Context, c *http.Client) *http.Client {
	signing := *c
	t := &transport{base: c.Transport}
	if t.base == nil {
		t.base = http.DefaultTransport
	}
	t.signed, t.traced = profiler.Sign(ctx)
	signing.Transport = t
	return &signing
}

type transport struct {
	base   http.RoundTripper
	signed header.Signed
	traced bool
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.traced {
		r = r.Clone(r.Context())
		t.signed.Write(r.Header)
	}
	return t.base.RoundTrip(r)
}

// CloseIdleConnections passes on what [http.Client.CloseIdleConnections] asks for.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
