package wrapcheck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/sonde-go/sonde/middleware/http/wrapcheck"
)

// broken is a transport that hands on what it was not given, or gives back
// what it did not get.
type broken func(r *http.Request, next http.RoundTripper) (*http.Response, error)

func (b broken) wrap(next http.RoundTripper) http.RoundTripper { return roundTripper{b, next} }

type roundTripper struct {
	do   broken
	next http.RoundTripper
}

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return t.do(r, t.next) }

func (t roundTripper) CloseIdleConnections() {
	(&http.Client{Transport: t.next}).CloseIdleConnections()
}

// withBody changes the bodies of responses.
func withBody(change func(io.ReadCloser) io.ReadCloser) broken {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, err := next.RoundTrip(r)
		if err == nil {
			res.Body = change(res.Body)
		}
		return res, err
	}
}

// claimingBody has all optional methods, whatever is below.
type claimingBody struct{ io.ReadCloser }

func (claimingBody) Write([]byte) (int, error)         { return 0, errors.ErrUnsupported }
func (claimingBody) CloseWrite() error                 { return errors.ErrUnsupported }
func (claimingBody) ReadFrom(io.Reader) (int64, error) { return 0, errors.ErrUnsupported }
func (claimingBody) WriteTo(io.Writer) (int64, error)  { return 0, errors.ErrUnsupported }
func (claimingBody) Seek(int64, int) (int64, error)    { return 0, errors.ErrUnsupported }
func (claimingBody) SetDeadline(time.Time) error       { return errors.ErrUnsupported }
func (claimingBody) SetReadDeadline(time.Time) error   { return errors.ErrUnsupported }
func (claimingBody) SetWriteDeadline(time.Time) error  { return errors.ErrUnsupported }

// writableBody has Write and no CloseWrite.
type writableBody struct {
	io.ReadCloser
	io.Writer
}

// unclosedBody is never closed.
type unclosedBody struct{ io.ReadCloser }

func (unclosedBody) Close() error { return nil }

// endlessBody has no errors.
type endlessBody struct{ io.ReadCloser }

func (b endlessBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// Each transport is broken in one way that wrappers have been broken in, and
// fails these checks; together they fail every check.
func TestBrokenTransports(t *testing.T) {
	faults := map[string]fault{}
	for name, b := range map[string]struct {
		broken
		fails string
	}{
		"a struct around the body": {
			withBody(func(b io.ReadCloser) io.ReadCloser { return struct{ io.ReadCloser }{b} }), `client/body/write client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline
			client/h1/no_body client/h1/upgrade client/h1/half_close client/h1/proxy`},
		"only Write kept": {
			withBody(func(b io.ReadCloser) io.ReadCloser {
				if w, ok := b.(io.Writer); ok {
					return writableBody{b, w}
				}
				return b
			}), `client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline
			client/h1/half_close client/h1/proxy`},
		"all methods claimed": {
			withBody(func(b io.ReadCloser) io.ReadCloser { return claimingBody{b} }), `client/body/write client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline client/body/no_more
			client/h1/no_body client/h1/upgrade client/h1/half_close client/h1/proxy`},
		"bodies left open": {
			withBody(func(b io.ReadCloser) io.ReadCloser { return unclosedBody{b} }), `client/body/read client/body/write client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline
			client/h1/no_body client/h1/upgrade client/h1/half_close client/h1/proxy client/h1/close_early
			client/h2/close_early`},
		"errors of bodies swallowed": {
			withBody(func(b io.ReadCloser) io.ReadCloser { return endlessBody{b} }), `client/body/read client/body/write client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline
			client/h1/no_body client/h1/cancel_body client/h1/cut client/h1/upgrade client/h1/half_close client/h1/proxy
			client/h2/cancel_body client/h2/cut`},
		"a new request": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				r2, err := http.NewRequest(r.Method, r.URL.String(), nil)
				if err != nil {
					return nil, err
				}
				return next.RoundTrip(r2)
			}, `client/base/request
			client/h1/request client/h1/request_length client/h1/callers_request client/h1/trace_hooks client/h1/redirect client/h1/cancel client/h1/cancel_body client/h1/timeout
			client/h2/request client/h2/request_length client/h2/callers_request client/h2/trace_hooks client/h2/redirect client/h2/cancel client/h2/cancel_body client/h2/timeout`},
		"a clone of the request": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				return next.RoundTrip(r.Clone(r.Context()))
			}, `client/h1/callers_request
			client/h2/callers_request`},
		"the caller's header changed": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				r.Header.Set("X-Broken", "yes")
				return next.RoundTrip(r)
			}, `client/h1/callers_request
			client/h2/callers_request`},
		"no context": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				return next.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
			}, `client/h1/callers_request client/h1/cancel client/h1/cancel_body
			client/h2/callers_request client/h2/cancel client/h2/cancel_body`},
		"the request's body buffered": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				r2 := r.WithContext(r.Context())
				if r.Body != nil {
					b, err := io.ReadAll(r.Body)
					if err != nil {
						return nil, err
					}
					r2.Body, r2.ContentLength = io.NopCloser(bytes.NewReader(b)), -1
				}
				res, err := next.RoundTrip(r2)
				if err == nil {
					res.Request = r
				}
				return res, err
			}, `client/base/request
			client/h1/request_length
			client/h2/request_length`},
		"the response's body buffered": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				res, err := next.RoundTrip(r)
				if err != nil || res.Body == http.NoBody {
					return res, err
				}
				defer func() { _ = res.Body.Close() }()
				b, err := io.ReadAll(res.Body)
				if err != nil {
					return nil, err
				}
				res.Body = io.NopCloser(bytes.NewReader(b))
				return res, nil
			}, `client/body/read client/body/write client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline client/body/no_more
			client/h1/streams client/h1/cancel_body client/h1/close_early client/h1/cut client/h1/upgrade client/h1/half_close client/h1/proxy
			client/h2/streams client/h2/cancel_body client/h2/close_early client/h2/cut`},
		"a new response": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				res, err := next.RoundTrip(r)
				if err != nil {
					return nil, err
				}
				return &http.Response{StatusCode: res.StatusCode, Header: http.Header{"Location": res.Header["Location"]}, Body: res.Body, Request: r}, nil
			}, `client/base/response
			client/h1/plain client/h1/trailers client/h1/no_body client/h1/uncompressed client/h1/proxy
			client/h2/plain client/h2/trailers client/h2/uncompressed`},
		"an answer of its own": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusAccepted, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
			}, `client/body/read client/body/write client/body/close_write client/body/read_from client/body/write_to client/body/seek client/body/deadline client/body/read_deadline client/body/write_deadline client/body/no_more
			client/base/error client/base/panic client/base/response
			client/h1/plain client/h1/streams client/h1/trace_hooks client/h1/trailers client/h1/no_body client/h1/uncompressed client/h1/redirect client/h1/cancel client/h1/cancel_body client/h1/close_early client/h1/timeout client/h1/cut client/h1/upgrade client/h1/half_close client/h1/proxy
			client/h2/plain client/h2/streams client/h2/trace_hooks client/h2/trailers client/h2/uncompressed client/h2/redirect client/h2/cancel client/h2/cancel_body client/h2/close_early client/h2/timeout client/h2/cut`},
		"compression asked for": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				r2 := r.Clone(r.Context())
				r2.Body = r.Body
				r2.Header.Set("Accept-Encoding", "gzip")
				res, err := next.RoundTrip(r2)
				if err == nil {
					res.Request = r
				}
				return res, err
			}, `client/h1/uncompressed
			client/h2/uncompressed`},
		"errors as texts": {
			func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				res, err := next.RoundTrip(r)
				if err == nil || errors.Is(err, context.DeadlineExceeded) {
					return res, err // of its two timers http.Client hides this by one, perhaps
				}
				return nil, fmt.Errorf("broken: %v", err)
			}, `client/base/error
			client/h1/cancel
			client/h2/cancel`},
		"panics recovered": {
			func(r *http.Request, next http.RoundTripper) (res *http.Response, err error) {
				defer func() {
					if v := recover(); v != nil {
						err = errors.New("panic")
					}
				}()
				return next.RoundTrip(r)
			}, `client/base/panic`},
	} {
		faults[name] = fault{wrapcheck.Subject{WrapTransport: b.wrap}, b.fails, false}
	}
	faults["no way to close idle connections"] = fault{wrapcheck.Subject{WrapTransport: func(next http.RoundTripper) http.RoundTripper {
		return struct{ http.RoundTripper }{next}
	}}, `client/base/close_idle`, false}
	failing(t, wrapcheck.TransportChecks(), faults)
}
