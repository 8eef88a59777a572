package wrapcheck

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// upgrading serves connections that switch to the protocol that talk speaks. Only
// the server closes them.
func (t *trial) upgrading(talk func(*bufio.ReadWriter)) *server {
	return t.serve(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if !t.must("Hijack", err) {
			return
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(limit))
		_, _ = fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
		_ = rw.Flush()
		talk(rw)
		_ = rw.Flush()
	})
}

// longAnswer is what the server says after the client has finished: more than fits
// into a connection's buffers, so that cutting it off is noticed.
var longAnswer = strings.Repeat("answer ", 1<<17)

func (t *trial) answerAtEOF(conn *bufio.ReadWriter) {
	question, err := io.ReadAll(conn)
	if t.must("reading the question to its end", err) && string(question) != "question" {
		t.errorf("the question is %q", question)
	}
	_, _ = conn.WriteString(longAnswer)
}

// upgrade has the connection change its protocol and returns the response's
// body.
func (s *server) upgrade() io.ReadCloser {
	r := s.request("GET", "/", nil)
	askUpgrade(r)
	res := s.do(r)
	if res == nil {
		return http.NoBody
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		s.t.errorf("status %d", res.StatusCode)
	}
	return res.Body
}

func askUpgrade(r *http.Request) {
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "test")
}

// throughProxy connects to s through a reverse proxy that calls it with the
// wrapped transport, and asks for the upgrade.
func (s *server) throughProxy() *net.TCPConn {
	to, err := url.Parse(s.URL)
	if err != nil {
		panic(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			s.t.prepared(p.Out)
		},
		Transport: s.client.Transport,
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.t.running.Add(1)
		defer s.t.running.Done()
		proxy.ServeHTTP(w, r)
	}))
	s.t.closers = append(s.t.closers, front.Close)
	conn, err := net.DialTimeout("tcp", front.Listener.Addr().String(), limit)
	if !s.t.must("connecting to the proxy", err) {
		return nil
	}
	s.t.closers = append(s.t.closers, func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(limit))
	r, err := http.NewRequest("GET", front.URL, nil)
	if err != nil {
		panic(err)
	}
	askUpgrade(r)
	if !s.t.must("asking the proxy", r.Write(conn)) {
		return nil
	}
	return conn.(*net.TCPConn)
}
