package wrapcheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// limit is how long a request of a check may take; anything else is waited for
// twice as long. That much time passes only if a wrapper breaks something.
var limit = 5 * time.Second

// trial is one run of one check with one subject.
type trial struct {
	subject Subject
	http2   bool
	calls   bool // the transport is wrapped, not the handler
	closers []func()
	running sync.WaitGroup // handlers

	mu   sync.Mutex
	errs []error
	log  bytes.Buffer // the server's
}

// errorf notes what is wrong. Handlers use it too.
func (t *trial) errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errs = append(t.errs, fmt.Errorf(format, args...))
}

// must notes err with what was tried; it is true if there is none.
func (t *trial) must(what string, err error) bool {
	if err != nil {
		t.errorf("%s: %w", what, err)
	}
	return err == nil
}

func (t *trial) close() {
	for i := len(t.closers) - 1; i >= 0; i-- {
		t.closers[i]()
	}
	t.closers = nil
	t.settle()
}

// settle waits until all handlers are done: HTTP/2 servers do not.
func (t *trial) settle() {
	done := newSignal()
	go func() {
		t.running.Wait()
		done.fire()
	}()
	t.wait("the end of the handlers", done.c)
}

// serverLog is what the server has logged.
func (t *trial) serverLog() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.String()
}

// Write takes what the server logs.
func (t *trial) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.Write(p)
}

// server serves the handler until the trial ends. Either it or the client's
// transport is wrapped.
type server struct {
	*httptest.Server
	t      *trial
	client *http.Client
}

func (t *trial) serve(h http.HandlerFunc) *server { return t.serveIn(nil, h) }

// serveIn serves the handler inside an outer layer, if there is one.
func (t *trial) serveIn(outer func(http.Handler) http.Handler, h http.Handler) *server {
	wrapped := h
	if !t.calls {
		wrapped = t.subject.Wrap(h)
	}
	if outer != nil {
		wrapped = outer(wrapped)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.running.Add(1)
		defer t.running.Done()
		wrapped.ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = log.New(t, "", 0)
	if t.http2 {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.closers = append(t.closers, srv.Close, srv.CloseClientConnections)
	client := *srv.Client()
	if t.calls {
		client.Transport = t.subject.WrapTransport(client.Transport)
	}
	return &server{Server: srv, t: t, client: &client}
}

func (s *server) request(method, path string, body io.Reader) *http.Request {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	s.t.closers = append(s.t.closers, cancel)
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		panic(err)
	}
	return s.t.prepared(r)
}

// prepared is r after [Subject.Prepare].
func (t *trial) prepared(r *http.Request) *http.Request {
	if t.subject.Prepare != nil {
		t.subject.Prepare(r)
	}
	return r
}

// do sends r. If that fails, do notes it and returns nil.
func (s *server) do(r *http.Request) *http.Response {
	res, err := s.client.Do(r)
	if !s.t.must("the request", err) {
		return nil
	}
	s.t.closers = append(s.t.closers, func() { _ = res.Body.Close() })
	return res
}

// get sends a GET request and checks status and body of the response.
func (s *server) get(status int, body string) *http.Response {
	res := s.do(s.request("GET", "/", nil))
	if res == nil {
		return nil
	}
	got, err := io.ReadAll(res.Body)
	if s.t.must("the response's body", err) && (res.StatusCode != status || string(got) != body) {
		s.t.errorf("response %d %.100q, want %d %.100q", res.StatusCode, got, status, body)
	}
	return res
}

// finish waits until the server is done with its connections, its clean-up
// included.
func (s *server) finish() {
	s.client.CloseIdleConnections()
	s.Close()
	s.t.settle()
}

// wait waits for done, and notes it if that takes too long.
func (t *trial) wait(what string, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(2 * limit):
		t.errorf("%s: not within %v", what, 2*limit)
		return false
	}
}

// pipe is a request body that ends when the trial does: a client waits for its
// body even after its context has ended.
func (t *trial) pipe() (body io.Reader, send io.WriteCloser) {
	r, w := io.Pipe()
	timer := time.AfterFunc(limit, func() { _ = w.Close() })
	t.closers = append(t.closers, func() {
		timer.Stop()
		_ = w.Close()
	})
	return r, w
}

// signal is a channel that may be closed twice.
type signal struct {
	c    chan struct{}
	once sync.Once
}

func newSignal() *signal { return &signal{c: make(chan struct{})} }

func (s *signal) fire() { s.once.Do(func() { close(s.c) }) }

// supported notes if an optional feature that the server has is lost.
func (t *trial) supported(what string, err error) bool {
	if errors.Is(err, http.ErrNotSupported) {
		t.errorf("%s is lost", what)
		return false
	}
	return t.must(what, err)
}
