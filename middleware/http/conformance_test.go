package sondehttp_test

import (
	"net/http"
	"testing"

	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/wrapcheck"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func sign(r *http.Request) {
	keys, _ := header.ParseKeys("key")
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID()})
	info, mac := signed.Info, signed.HMAC
	r.Header.Set(header.InfoName, info)
	r.Header.Set(header.HMACName, mac)
}

// The handler behaves the same with and without a trace around it.
func TestConformance(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	wrap := func(next http.Handler) http.Handler { return sondehttp.Handler(svc, next) }
	t.Run("untraced", func(t *testing.T) { wrapcheck.Run(t, wrapcheck.Subject{Wrap: wrap}) })
	if points := rec.Points(t); len(points) != 0 {
		t.Fatalf("%d points without a trace", len(points))
	}
	t.Run("traced", func(t *testing.T) { wrapcheck.Run(t, wrapcheck.Subject{Wrap: wrap, Prepare: sign}) })
	points := rec.Points(t)
	if len(points) < len(wrapcheck.HandlerChecks()) {
		t.Errorf("%d points of %d checks", len(points), len(wrapcheck.HandlerChecks()))
	}
	for _, p := range points {
		if !p.Started || !p.Stopped {
			t.Errorf("half a point: %+v", p)
		}
	}
	t.Run("twice", func(t *testing.T) {
		wrapcheck.Run(t, wrapcheck.Subject{Wrap: func(next http.Handler) http.Handler { return wrap(wrap(next)) }, Prepare: sign})
	})
}

// The transport behaves the same with and without a trace in the context.
func TestTransportConformance(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	wrap := func(base http.RoundTripper) http.RoundTripper { return sondehttp.Transport(base, sondehttp.AllowAll()) }
	t.Run("untraced", func(t *testing.T) { wrapcheck.Run(t, wrapcheck.Subject{WrapTransport: wrap}) })
	if points := rec.Named(t, "http_client"); len(points) != 0 {
		t.Fatalf("%d points without a trace", len(points))
	}
	prepare := func(r *http.Request) {
		ctx, p := svc.Begin(r.Context(), profiler.Opening{Name: "caller"})
		p.Stop()
		*r = *r.WithContext(ctx)
	}
	t.Run("traced", func(t *testing.T) { wrapcheck.Run(t, wrapcheck.Subject{WrapTransport: wrap, Prepare: prepare}) })
	points := rec.Named(t, "http_client")
	if len(points) < len(wrapcheck.TransportChecks())-1 { // one makes no call
		t.Errorf("%d points of %d checks", len(points), len(wrapcheck.TransportChecks()))
	}
	for _, p := range points {
		if !p.Started || !p.Stopped {
			t.Errorf("half a point: %+v", p)
		}
	}
	t.Run("twice", func(t *testing.T) {
		wrapcheck.Run(t, wrapcheck.Subject{Prepare: prepare,
			WrapTransport: func(base http.RoundTripper) http.RoundTripper { return wrap(wrap(base)) }})
	})
	t.Run("with phases", func(t *testing.T) {
		wrapcheck.Run(t, wrapcheck.Subject{Prepare: prepare, WrapTransport: func(base http.RoundTripper) http.RoundTripper {
			return sondehttp.Transport(base, sondehttp.AllowAll(), sondehttp.WithPhases())
		}})
	})
}
