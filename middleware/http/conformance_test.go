package sondehttp_test

import (
	"net/http"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/pointtest"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/wrapcheck"
)

func sign(r *http.Request) {
	keys, _ := header.ParseKeys("key")
	info, mac := keys.Primary().Sign(header.Info{BaseID: header.NewID()})
	r.Header.Set(header.InfoName, info)
	r.Header.Set(header.HMACName, mac)
}

// The handler behaves the same with and without a trace around it.
func TestConformance(t *testing.T) {
	svc, rec := pointtest.New(t, "api")
	wrap := func(next http.Handler) http.Handler { return sondehttp.Handler(svc, next) }
	t.Run("untraced", func(t *testing.T) { wrapcheck.Test(t, wrapcheck.Subject{Wrap: wrap}) })
	if points := rec.Points(t); len(points) != 0 {
		t.Fatalf("%d points without a trace", len(points))
	}
	t.Run("traced", func(t *testing.T) { wrapcheck.Test(t, wrapcheck.Subject{Wrap: wrap, Prepare: sign}) })
	points := rec.Points(t)
	if len(points) < len(wrapcheck.Checks()) {
		t.Errorf("%d points of %d checks", len(points), len(wrapcheck.Checks()))
	}
	for _, p := range points {
		if !p.Started || !p.Stopped {
			t.Errorf("half a point: %+v", p)
		}
	}
	t.Run("twice", func(t *testing.T) {
		wrapcheck.Test(t, wrapcheck.Subject{Wrap: func(next http.Handler) http.Handler { return wrap(wrap(next)) }, Prepare: sign})
	})
}
