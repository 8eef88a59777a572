package sondehttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// TestOff: a client whose points are off sends the headers of the point around the call.
func TestOff(t *testing.T) {
	for _, off := range []string{"http_client", "requests"} {
		svc, recorder := profilertest.New(t, "api", func(c *profiler.Config) { c.Detail.Off = []string{off} })
		got := make(http.Header)
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }))
		defer server.Close()
		client := &http.Client{Transport: sondehttp.Transport(nil, sondehttp.AllowAll())}
		defer client.CloseIdleConnections()
		ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "job"})
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		want, _ := profiler.Sign(ctx)
		root.Stop()
		if got.Get(header.InfoName) != want.Info || want.Info == "" {
			t.Errorf("%s: sent %q, want %q", off, got.Get(header.InfoName), want.Info)
		}
		if n := len(recorder.Points(t)); n != 1 {
			t.Errorf("%s: %d points", off, n)
		}
	}
}
