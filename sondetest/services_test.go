package sondetest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/sondetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"
)

// served are the points with their services, by their beginning.
func served(p *sondetest.Trace) string {
	var list []string
	for point := range p.Report().Walk() {
		list = append(list, fmt.Sprintf("%d %s/%s", point.Depth, point.Service, point.Name))
	}
	return strings.Join(list, ", ")
}

func TestHandler(t *testing.T) {
	db := openDB(t, 2, true)
	rec := sondetest.New(t)
	h := sondehttp.Handler(rec.Service("cart"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ask(r.Context(), t, db, 1)
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	w := httptest.NewRecorder()
	p := rec.Profile(func(ctx context.Context) {
		h.ServeHTTP(w, sondetest.Request(ctx, "POST", "/cart?a=b", strings.NewReader("tea")))
	})
	p.MaxQueries(1)
	if got := served(p); got != "0 test/test, 1 cart/http, 2 cart/db" || w.Body.String() != "tea" {
		t.Error(got, w.Body)
	}
	// Outside of a profile a request is a request.
	if r := sondetest.Request(t.Context(), "GET", "/", nil); len(r.Header) > 0 {
		t.Error(r.Header)
	}
}

// A server's point ends after its client has the answer.
func TestServer(t *testing.T) {
	rec := sondetest.New(t)
	srv := httptest.NewServer(sondehttp.Handler(rec.Service("cart"), http.NotFoundHandler()))
	defer srv.Close()
	get := func(c *http.Client) {
		res, err := c.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	own := srv.Client().Transport
	for range 20 {
		p := rec.Profile(func(ctx context.Context) { get(sondetest.Client(ctx, srv.Client())) })
		if got := served(p); got != "0 test/test, 1 cart/http" || p.Report().Unfinished() > 0 {
			t.Fatal(got)
		}
	}
	p := rec.Profile(func(ctx context.Context) {
		get(sondetest.Client(ctx, &http.Client{}))
		get(sondetest.Client(t.Context(), srv.Client()))
		r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := sondetest.Client(ctx, srv.Client()).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if len(r.Header) > 0 {
			t.Error("a caller's request was changed:", r.Header)
		}
	})
	if got := served(p); got != "0 test/test, 1 cart/http, 1 cart/http" {
		t.Error("of a client without a transport and one without a profile:", got)
	}
	if srv.Client().Transport != own {
		t.Error("the client was changed")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// bufServer serves gRPC's health service in this process, and returns a
// connection to it.
func bufServer(t *testing.T, rec *sondetest.Recorder) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	srv := grpc.NewServer(grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(rec.Service("stock"))))
	grpc_health_v1.RegisterHealthServer(srv, health.NewServer())
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:///bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestGRPC(t *testing.T) {
	check := func(ctx context.Context, stock grpc_health_v1.HealthClient) {
		if _, err := stock.Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	rec := sondetest.New(t)
	stock := grpc_health_v1.NewHealthClient(bufServer(t, rec))
	p := rec.Profile(func(ctx context.Context) { check(ctx, stock) })
	if got := served(p); got != "0 test/test, 1 test/grpc_client, 2 stock/grpc" {
		t.Error(got)
	}
	// The Service of one Recorder does not know the profiles of another.
	p = sondetest.New(t).Profile(func(ctx context.Context) { check(ctx, stock) })
	if got := served(p); got != "0 test/test, 1 test/grpc_client" {
		t.Error(got)
	}
	scaled := func(assert func(*sondetest.Scaled)) func(testing.TB) {
		return func(u testing.TB) {
			rec := sondetest.New(u)
			stock := grpc_health_v1.NewHealthClient(bufServer(t, rec))
			rows := 0
			assert(rec.Scale(func(n int) { rows = n }, func(ctx context.Context) {
				for range rows {
					check(ctx, stock)
				}
			}))
		}
	}
	// The calls are counted once, though both sides are recorded.
	fails(t, scaled((*sondetest.Scaled).Constant), "×2 with 2 rows and ×3 with 3, want at most ×2: grpc_client /grpc.health.v1.Health/Check")
	fails(t, scaled(func(s *sondetest.Scaled) { s.Linear(1) }))
}

func TestNoCallTo(t *testing.T) {
	rec := sondetest.New(t)
	stock := grpc_health_v1.NewHealthClient(bufServer(t, rec))
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	client := &http.Client{Transport: sondehttp.Transport(srv.Client().Transport, sondehttp.AllowHosts("other.example"))}
	where, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	host := where.Hostname()
	for name, c := range map[string]struct {
		hosts []string
		texts []string
	}{
		"neither":     {[]string{"api.example.com", "grpc.health.v1"}, nil},
		"none named":  {nil, nil},
		"the host":    {[]string{"api.example.com", host}, []string{"2 calls to " + host + ", want none", "█"}},
		"twice named": {[]string{host, host}, []string{"2 calls to " + host}},
		"the service": {[]string{"GRPC.health.v1.Health"}, []string{"1 call to GRPC.health.v1.Health, want none"}},
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, func(u testing.TB) {
				sondetest.Profile(u, func(ctx context.Context) {
					for range 2 {
						r, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
						if err != nil {
							u.Fatal(err)
						}
						res, err := client.Do(r)
						if err != nil {
							u.Fatal(err)
						}
						_ = res.Body.Close()
					}
					_, _ = stock.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
				}).NoCallTo(c.hosts...)
			}, c.texts...)
		})
	}
}
