package sondehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// begin opens a trace for a client's calls.
func begin(t testing.TB, svc *profiler.Service) (context.Context, profiler.Point) {
	t.Helper()
	ctx, p := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	t.Cleanup(func() { p.End(profiler.Ending{}) })
	return ctx, p
}

func get(t testing.TB, ctx context.Context, c *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func readAll(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// client is a client with a connection pool of its own.
func client(t testing.TB, allow Allow, opts ...TransportOption) *http.Client {
	c := &http.Client{Transport: Transport(&http.Transport{}, allow, opts...)}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestTransportJoins(t *testing.T) {
	front, frontRec := profilertest.New(t, "front")
	back, backRec := profilertest.New(t, "back")
	srv := httptest.NewServer(Handler(back, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	})))
	defer srv.Close()
	ctx, root := begin(t, front)
	r, _ := http.NewRequestWithContext(ctx, "", srv.URL+"/a%2Fb?q=1&sig=secret", nil)
	res, err := client(t, AllowHosts("127.0.0.1")).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Request != r || len(r.Header) != 0 {
		t.Errorf("the caller's request: same %v, header %v", res.Request == r, r.Header)
	}
	equal(t, "body", readAll(t, res), "hello")
	srv.Close()

	u, _ := url.Parse(srv.URL)
	port, _ := strconv.Atoi(u.Port())
	p := frontRec.One(t, "http_client")
	equal(t, "parent", p.Parent, root.ID())
	equal(t, "start", p.Start, m{"requests": m{"method": "GET", "query": "q=1&sig=***", "path": "/a%2Fb",
		"hostname": "127.0.0.1", "port": float64(port), "scheme": "http"}})
	equal(t, "stop", p.Stop, m{"requests": m{"status_code": 200.0, "bytes": 5.0}})
	equal(t, "the server's parent", backRec.One(t, "http").Parent, p.ID)
}

func TestTransportNames(t *testing.T) {
	for want, opts := range map[string][]TransportOption{
		"http_client": nil,
		"http":        {WithUpstreamNames()},
		"peer":        {WithName("peer")},
	} {
		svc, rec := profilertest.New(t, "front")
		srv := httptest.NewServer(noop)
		ctx, _ := begin(t, svc)
		readAll(t, get(t, ctx, client(t, AllowAll(), opts...), srv.URL))
		srv.Close()
		rec.One(t, want)
	}
}

func TestTransportUntraced(t *testing.T) {
	r := httptest.NewRequest("GET", "http://a.example/", nil)
	sign(t, r.Header, "key")
	res := &http.Response{Body: http.NoBody}
	tr := Transport(roundTripper(func(got *http.Request) (*http.Response, error) {
		if got != r {
			t.Error("not the caller's request")
		}
		return res, nil
	}), AllowHosts("a.example"))
	if got, err := tr.RoundTrip(r); got != res || err != nil {
		t.Errorf("%v %v", got, err)
	}
}

func TestTransportErrors(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(noop)
	srv.Close() // nobody listens there any more
	ctx, _ := begin(t, svc)
	c := client(t, AllowAll())
	r, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	if _, err := c.Do(r); err == nil {
		t.Fatal("no error")
	}
	stop := rec.One(t, "http_client").Stop
	if text, _ := stop["message"].(string); stop["etype"] != "net.OpError" || !strings.Contains(text, "refused") {
		t.Errorf("%v", stop)
	}
}

// TestTransportTimeout: a deadline of the caller is a timeout, as in every layer.
func TestTransportTimeout(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	ctx, _ := begin(t, svc)
	ctx, cancel := context.WithDeadline(ctx, time.Now())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:1/", nil)
	if _, err := client(t, AllowAll()).Do(r); err == nil {
		t.Fatal("no error")
	}
	if stop := rec.One(t, "http_client").Stop; stop["outcome"] != "timeout" || stop["etype"] == nil {
		t.Errorf("%v", stop)
	}
}

func TestTransportCancelled(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, _ := begin(t, svc)
	ctx, cancel := context.WithCancel(ctx)
	res := get(t, ctx, client(t, AllowAll()), srv.URL)
	cancel()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	equal(t, "stop", rec.One(t, "http_client").Stop,
		m{"outcome": "cancelled", "requests": m{"status_code": 200.0, "bytes": 0.0}})
}

func TestTransportServerError(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }))
	defer srv.Close()
	ctx, _ := begin(t, svc)
	readAll(t, get(t, ctx, client(t, AllowAll()), srv.URL))
	equal(t, "stop", rec.One(t, "http_client").Stop,
		m{"etype": "sondehttp.StatusError", "message": "502 Bad Gateway", "requests": m{"status_code": 502.0, "bytes": 0.0}})
}

func TestTransportPanics(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	ctx, _ := begin(t, svc)
	tr := Transport(roundTripper(func(*http.Request) (*http.Response, error) { panic("boom") }), AllowAll())
	func() {
		defer func() { equal(t, "panic", recover(), "boom") }()
		_, _ = tr.RoundTrip(httptest.NewRequest("GET", "http://a.example/", nil).WithContext(ctx))
	}()
	equal(t, "stop", rec.One(t, "http_client").Stop, m{"etype": "panic", "message": "boom"})
}

// What goes over the border: only allowed hosts get the headers, and from a
// traced request to any other both are removed, however they are spelt.
func TestTransportBorder(t *testing.T) {
	svc, _ := profilertest.New(t, "front")
	ctx, _ := begin(t, svc)
	for _, allowed := range []bool{true, false} {
		r := httptest.NewRequest("GET", "http://a.example/", nil).WithContext(ctx)
		r.Header = http.Header{"X-Trace-Info": {"old"}, "X-Trace-Hmac": {"old"}, "X-Trace-HMAC": {"old"},
			"x-trace-info": {"old"}, "X-Other": {"kept"}}
		allow := AllowHosts("b.example")
		if allowed {
			allow = AllowHosts("a.example")
		}
		var got http.Header
		tr := Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			got = r.Header
			return nil, errors.New("sent nowhere")
		}), allow)
		_, _ = tr.RoundTrip(r)
		want := 1
		if allowed {
			want = 3
			keys, _ := header.ParseKeys("key")
			if _, _, err := keys.Verify(header.Signed{Info: got.Get(header.InfoName), HMAC: got.Get(header.HMACName)}); err != nil {
				t.Errorf("the headers sent: %v", err)
			}
		}
		if len(got) != want || got.Get("X-Other") != "kept" {
			t.Errorf("allowed %v: sent %v", allowed, got)
		}
		if len(r.Header) != 5 {
			t.Errorf("the caller's header was changed to %v", r.Header)
		}
	}
}

func TestTransportRedirect(t *testing.T) {
	front, rec := profilertest.New(t, "front")
	seen := map[string]bool{}
	record := func(name string, r *http.Request) {
		seen[name] = r.Header[header.InfoKey] != nil || r.Header[header.HMACKey] != nil
	}
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { record("stranger", r) }))
	defer stranger.Close()
	friend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record("friend", r)
		http.Redirect(w, r, stranger.URL, http.StatusFound)
	}))
	defer friend.Close()
	ctx, _ := begin(t, front)
	r, _ := http.NewRequestWithContext(ctx, "GET", friend.URL, nil)
	sign(t, r.Header, "key") // as a program might that knows no better
	res, err := client(t, AllowHosts(strings.TrimPrefix(friend.URL, "http://"))).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, res)
	equal(t, "who saw the headers", seen, map[string]bool{"friend": true, "stranger": false})
	if p := rec.Named(t, "http_client"); len(p) != 2 ||
		sub(t, p[0].Stop, "requests")["status_code"] != 302.0 || sub(t, p[1].Stop, "requests")["status_code"] != 200.0 {
		t.Errorf("%+v", p)
	}
}

// A reverse proxy copies the headers that it got.
func TestTransportReverseProxy(t *testing.T) {
	for _, allow := range []Allow{AllowAll(), {}} {
		edge, edgeRec := profilertest.New(t, "edge")
		var got header.Info
		back := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			keys, _ := header.ParseKeys("key")
			got, _, _ = keys.Verify(header.Signed{Info: r.Header.Get(header.InfoName), HMAC: r.Header.Get(header.HMACName)})
		}))
		to, _ := url.Parse(back.URL)
		pool := &http.Transport{}
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.Transport = Transport(pool, allow)
		srv := httptest.NewServer(Handler(edge, proxy))
		r, _ := http.NewRequest("GET", srv.URL, nil)
		sign(t, r.Header, "key")
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, res)
		srv.Close()
		pool.CloseIdleConnections()
		back.Close()
		var want header.ID
		if allow.all {
			want = edgeRec.One(t, "http_client").ID
		}
		equal(t, "parent sent on", got.ParentID, want)
	}
}

func TestTransportTwice(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	var sent http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent = r.Header }))
	defer srv.Close()
	for inner, want := range map[*Allow]bool{{all: true}: true, {}: false} {
		ctx, _ := begin(t, svc)
		pool := &http.Transport{}
		c := &http.Client{Transport: Transport(cloning{Transport(pool, *inner)}, AllowAll())}
		before := len(rec.Named(t, "http_client"))
		readAll(t, get(t, ctx, c, srv.URL))
		pool.CloseIdleConnections()
		if n := len(rec.Named(t, "http_client")) - before; n != 1 {
			t.Errorf("%d points", n)
		}
		if got := sent[header.InfoKey] != nil; got != want {
			t.Errorf("the inner one allows %v, sent %v", want, got)
		}
	}
}

// cloning is a transport that copies requests, as many do.
type cloning struct{ base http.RoundTripper }

func (c cloning) RoundTrip(r *http.Request) (*http.Response, error) {
	return c.base.RoundTrip(r.Clone(r.Context()))
}

// A transport that calls another host on the way makes a call of its own.
func TestTransportCallInsideCall(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(noop)
	defer srv.Close()
	ctx, _ := begin(t, svc)
	c := client(t, AllowAll())
	outer := &http.Client{Transport: Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		readAll(t, get(t, r.Context(), c, srv.URL+"/token"))
		return c.Transport.RoundTrip(r)
	}), AllowAll())}
	readAll(t, get(t, ctx, outer, srv.URL+"/data"))
	p := rec.Named(t, "http_client")
	if len(p) != 2 || p[1].Parent != p[0].ID || sub(t, p[1].Start, "requests")["path"] != "/token" {
		t.Errorf("%+v", p)
	}
}

func TestTransportNilHeader(t *testing.T) {
	svc, _ := profilertest.New(t, "front")
	ctx, _ := begin(t, svc)
	u, _ := url.Parse("http://a.example/")
	_, err := Transport(&http.Transport{}, AllowAll()).RoundTrip((&http.Request{Method: "GET", URL: u}).WithContext(ctx))
	if err == nil || !strings.Contains(err.Error(), "nil Request.Header") {
		t.Errorf("%v", err)
	}
}

func TestTransportBodyEnds(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello")
		if r.URL.Path == "/more" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	defer srv.Close()
	tests := []struct {
		name, path string
		use        func(t *testing.T, res *http.Response)
		want       m
	}{
		{"read to the end, not closed", "/", func(t *testing.T, res *http.Response) {
			_, _ = io.ReadAll(res.Body)
			t.Cleanup(func() { _ = res.Body.Close() })
		}, m{"requests": m{"status_code": 200.0, "bytes": 5.0}}},
		{"closed unread", "/more", func(_ *testing.T, res *http.Response) {
			_ = res.Body.Close()
			_ = res.Body.Close()
		}, m{"requests": m{"status_code": 200.0, "bytes": 0.0}}},
		{"read in part and closed", "/more", func(_ *testing.T, res *http.Response) {
			_, _ = io.ReadFull(res.Body, make([]byte, 3))
			_ = res.Body.Close()
		}, m{"requests": m{"status_code": 200.0, "bytes": 3.0}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "front")
			ctx, _ := begin(t, svc)
			test.use(t, get(t, ctx, client(t, AllowAll()), srv.URL+test.path))
			p := rec.One(t, "http_client")
			equal(t, "stop", p.Stop, test.want)
			if svc.Stats().Late != 0 {
				t.Error("the point was ended twice")
			}
		})
	}
}

func TestTransportClosesIdleConnections(t *testing.T) {
	base := &idle{}
	(&http.Client{Transport: Transport(base, AllowAll())}).CloseIdleConnections()
	(&http.Client{Transport: Transport(roundTripper(nil), AllowAll())}).CloseIdleConnections()
	if base.closed != 1 {
		t.Errorf("closed %d times", base.closed)
	}
}

type idle struct {
	http.RoundTripper
	closed int
}

func (i *idle) CloseIdleConnections() { i.closed++ }

func TestTransportDefaultBase(t *testing.T) {
	if base := Transport(nil, Allow{}).(*transport).base; base != http.DefaultTransport {
		t.Errorf("%T", base)
	}
}

// Two services under load: every call has its own points, and they belong
// together.
func TestManyCalls(t *testing.T) {
	front, frontRec := profilertest.New(t, "front")
	back, backRec := profilertest.New(t, "back")
	c := client(t, AllowHosts("127.0.0.1"))
	inner := httptest.NewServer(Handler(back, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	})))
	defer inner.Close()
	outer := httptest.NewServer(Handler(front, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, readAll(t, get(t, r.Context(), c, inner.URL+r.URL.Path)))
	})))
	defer outer.Close()
	const workers, calls = 8, 25
	var all sync.WaitGroup
	for i := range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := range calls {
				path := fmt.Sprintf("/%d/%d", i, j)
				r, _ := http.NewRequest("GET", outer.URL+path, nil)
				sign(t, r.Header, "key")
				res, err := c.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				equal(t, "answer", readAll(t, res), path)
			}
		}()
	}
	all.Wait()
	outer.Close()
	inner.Close()
	path := func(p profilertest.Point, group string) any { return sub(t, p.Start, group)["path"] }
	points := map[header.ID]profilertest.Point{}
	for _, p := range frontRec.Points(t) {
		points[p.ID] = p
	}
	served := backRec.Named(t, "http")
	if len(points) != 2*workers*calls || len(served) != workers*calls {
		t.Fatalf("%d and %d points", len(points), len(served))
	}
	for _, s := range served {
		call := points[s.Parent]
		entry := points[call.Parent]
		if call.Trace != s.Trace || entry.Trace != s.Trace || path(call, "requests") != path(s, "request") || path(entry, "request") != path(s, "request") {
			t.Errorf("%+v below %+v below %+v", s, call, entry)
		}
	}
}

// TestTransportFilter: a call that is excluded has no point and tells nobody of
// the trace, not even with headers that were there.
func TestTransportFilter(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hasTraceHeader(r.Header) {
			t.Error("the trace's headers were sent")
		}
	}))
	defer srv.Close()
	ctx, _ := begin(t, svc)
	c := client(t, AllowAll(), WithFilter(func(r *http.Request) bool { return r.URL.Path != "/ping" }))
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/ping", nil)
	if err != nil {
		t.Fatal(err)
	}
	profiler.Inject(ctx, r.Header)
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, res)
	if got := rec.Named(t, "http_client"); len(got) != 0 {
		t.Errorf("traced: %+v", got)
	}
}
