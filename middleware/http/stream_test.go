package sondehttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestHTTP2(t *testing.T) {
	front, frontRec := profilertest.New(t, "front")
	back, backRec := profilertest.New(t, "back")
	srv := httptest.NewUnstartedServer(Handler(back, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Hijacker); ok || r.ProtoMajor != 2 {
			t.Errorf("%s, Hijacker %v", r.Proto, ok)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "hello")
	})))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	ctx, _ := begin(t, front)
	c := &http.Client{Transport: Transport(srv.Client().Transport, AllowAll())}
	equal(t, "body", readAll(t, get(t, ctx, c, srv.URL)), "hello")
	srv.Close()
	p := frontRec.One(t, "http_client")
	equal(t, "client", p.Stop, m{"requests": m{"status_code": 200.0, "bytes": 5.0}})
	s := backRec.One(t, "http")
	equal(t, "server's parent", s.Parent, p.ID)
	equal(t, "server", s.Stop, m{"response": m{"status_code": 200.0, "bytes": 5.0}})
	equal(t, "scheme", sub(t, s.Start, "request")["scheme"], "https")
}

func TestWebSocketServer(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	upgrader := websocket.Upgrader{}
	done := make(chan struct{})
	h := Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if err := conn.WriteMessage(kind, message); err != nil {
				t.Error(err)
			}
		}
	}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	head := http.Header{}
	sign(t, head, "key")
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), head)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	for i := range 3 {
		want := fmt.Sprint("message ", i)
		if err := conn.WriteMessage(websocket.TextMessage, []byte(want)); err != nil {
			t.Fatal(err)
		}
		_, got, err := conn.ReadMessage()
		if err != nil || string(got) != want {
			t.Fatalf("%q %v", got, err)
		}
	}
	if rec.One(t, "http").Stopped {
		t.Error("the point ended before the connection")
	}
	_ = conn.Close()
	watchdog.Await(t, "the handler's end", done)
	equal(t, "stop", rec.One(t, "http").Stop, m{"response": m{"status_code": 101.0, "hijacked": true, "bytes": 0.0}})
}

// A client that changes the protocol writes to the response's body.
func TestUpgradeClient(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	}))
	defer srv.Close()
	ctx, _ := begin(t, svc)
	r, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := client(t, AllowAll()).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := res.Body.(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("%T is no io.ReadWriteCloser", res.Body)
	}
	_, _ = io.WriteString(conn, "hello\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	equal(t, "echo", line, "hello\n")
	if err != nil || conn.Close() != nil {
		t.Error(err)
	}
	equal(t, "stop", rec.One(t, "http_client").Stop, m{"requests": m{"status_code": 101.0, "bytes": 6.0}})
}

func TestServerSentEvents(t *testing.T) {
	svc, rec := profilertest.New(t, "api")
	heard := make(chan struct{})
	done := make(chan struct{})
	h := Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			select { // the next event is not written before this one is heard
			case <-heard:
			case <-r.Context().Done():
			}
		}
		<-r.Context().Done()
	}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	r, _ := http.NewRequest("GET", srv.URL, nil)
	sign(t, r.Header, "key")
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(res.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprint("data: ", i) || !lines.Scan() {
			t.Fatalf("%q %v", lines.Text(), lines.Err())
		}
		watchdog.Send(t, "the handler to hear", heard, struct{}{})
	}
	_ = res.Body.Close() // the listener goes
	watchdog.Await(t, "the handler's end", done)
	equal(t, "stop", rec.One(t, "http").Stop, m{"outcome": "cancelled", "response": m{"status_code": 200.0, "bytes": 27.0}})
}

func TestRequestTrailers(t *testing.T) {
	svc, _ := profilertest.New(t, "api")
	for _, declared := range []bool{true, false} {
		var got string
		srv := httptest.NewServer(Handler(svc, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			got = r.Trailer.Get("Sum")
		})))
		raw := rawRequest(t, srv.Listener.Addr().String(), declared)
		equal(t, "response", raw, "HTTP/1.1 200 OK")
		srv.Close()
		equal(t, "trailer", got, "7")
	}
}

func TestPhases(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	defer srv.Close()
	ctx, _ := begin(t, svc)
	pool := srv.Client().Transport.(*http.Transport)
	pool.DialContext = nil // the test server's own leaves out the hooks' DNS
	c := &http.Client{Transport: Transport(pool, AllowAll(), WithPhases())}
	url := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	pool.TLSClientConfig.ServerName = "127.0.0.1"
	readAll(t, get(t, ctx, c, url))
	readAll(t, get(t, ctx, c, url))
	p := rec.Named(t, "http_client")
	first, second := sub(t, p[0].Stop, "requests"), sub(t, p[1].Stop, "requests")
	for _, phase := range []string{"dns", "connect", "tls", "first_byte"} {
		if text, _ := first[phase].(string); !strings.HasSuffix(text, "s") {
			t.Errorf("%s: %v", phase, first)
		}
	}
	equal(t, "first reused", first["reused"], false)
	equal(t, "second reused", second["reused"], true)
	if second["first_byte"] == nil || second["dns"] != nil || second["connect"] != nil || second["tls"] != nil {
		t.Errorf("second: %v", second)
	}
}

func TestPhasesOfFailedCall(t *testing.T) {
	svc, rec := profilertest.New(t, "front")
	srv := httptest.NewServer(noop)
	srv.Close()
	ctx, _ := begin(t, svc)
	r, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	if _, err := client(t, AllowAll(), WithPhases()).Do(r); err == nil {
		t.Fatal("no error")
	}
	stop := rec.One(t, "http_client").Stop
	if stop["etype"] != "net.OpError" || stop["requests"] != nil {
		t.Errorf("%v", stop)
	}
}

// rawRequest sends a chunked request with the trailer "Sum: 7" and returns the
// first line of the answer.
func rawRequest(t *testing.T, addr string, declared bool) string {
	t.Helper()
	head := http.Header{}
	sign(t, head, "key")
	if declared {
		head.Set("Trailer", "Sum")
	}
	var b strings.Builder
	_ = head.Write(&b)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nSum: 7\r\n\r\n", b.String())
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
