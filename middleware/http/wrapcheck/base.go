package wrapcheck

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// roundTripper is a transport of a check's own.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// idleCloser is one with connections to close.
type idleCloser struct {
	roundTripper
	closed *int
}

func (c idleCloser) CloseIdleConnections() { *c.closed++ }

// call makes one call through the wrapped base.
func (t *trial) call(base http.RoundTripper, prepare func(*http.Request)) (*http.Response, error) {
	r, err := http.NewRequest("POST", "http://wrapcheck.example/path", strings.NewReader("text"))
	if err != nil {
		panic(err)
	}
	if prepare != nil {
		prepare(r)
	}
	return t.subject.WrapTransport(base).RoundTrip(t.prepared(r))
}

// answer is a transport that answers with body.
func answer(body io.ReadCloser) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: body, ContentLength: -1, Request: r}, nil
	})
}

var baseChecks = []Check{
	{"client/base/error", "an error of the transport comes back as it is", func(t *trial) {
		n := 0
		res, err := t.call(roundTripper(func(*http.Request) (*http.Response, error) {
			n++
			return nil, errSentinel
		}), nil)
		if res != nil || !errors.Is(err, errSentinel) || n != 1 {
			t.errorf("%d calls, error %v", n, err)
		}
	}},
	{"client/base/panic", "a panic of the transport passes on unchanged", func(t *trial) {
		defer func() {
			if v := recover(); v != errSentinel {
				t.errorf("the panic is %v", v)
			}
		}()
		_, _ = t.call(roundTripper(func(*http.Request) (*http.Response, error) { panic(errSentinel) }), nil)
	}},
	{"client/base/request", "the transport gets the caller's body, GetBody and context values", func(t *trial) {
		type key struct{}
		var sent *http.Request
		_, _ = t.call(roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Body != sent.Body || r.GetBody == nil || r.ContentLength != 4 || r.Host != "other.example" || !r.Close {
				t.errorf("body %T of %d bytes, GetBody %v, Host %q, Close %v", r.Body, r.ContentLength, r.GetBody != nil, r.Host, r.Close)
			}
			if r.Context().Value(key{}) != "caller" {
				t.errorf("values of the context are lost")
			}
			return nil, errSentinel
		}), func(r *http.Request) {
			r.Host, r.Close = "other.example", true
			*r = *r.WithContext(context.WithValue(r.Context(), key{}, "caller"))
			sent = r
		})
	}},
	{"client/base/response", "the response is the transport's, but for its body", func(t *trial) {
		given := &http.Response{Status: "200 Fine", StatusCode: 200, Proto: "HTTP/9.7", Header: http.Header{"X-Test": {"yes"}},
			Trailer: http.Header{"Sum": nil}, ContentLength: 4, Uncompressed: true, Close: true, Body: io.NopCloser(strings.NewReader("text"))}
		was := *given
		res, err := t.call(roundTripper(func(r *http.Request) (*http.Response, error) {
			given.Request = r
			return given, nil
		}), nil)
		if !t.must("the call", err) {
			return
		}
		given.Trailer.Set("Sum", "7") // as transports do once the body has been read
		if res.Status != was.Status || res.Proto != was.Proto || res.Header.Get("X-Test") != "yes" || res.Trailer.Get("Sum") != "7" ||
			res.ContentLength != 4 || !res.Uncompressed || !res.Close {
			t.errorf("the response is %+v", res)
		}
		_ = res.Body.Close()
	}},
	{"client/base/close_idle", "Client.CloseIdleConnections reaches the transport", func(t *trial) {
		n := 0
		c := http.Client{Transport: t.subject.WrapTransport(idleCloser{nil, &n})}
		c.CloseIdleConnections()
		if n != 1 {
			t.errorf("called %d times", n)
		}
	}},
}

// plainBody is a response's body and nothing else.
type plainBody struct {
	calls []string
	left  string
	err   error // at the end; nil: io.EOF
}

func (b *plainBody) note(call string) { b.calls = append(b.calls, call) }

func (b *plainBody) Read(p []byte) (int, error) {
	n := copy(p, b.left)
	b.left = b.left[n:]
	if b.left != "" {
		return n, nil
	}
	return n, cmp.Or(b.err, io.EOF)
}

func (b *plainBody) Close() error { b.note("Close"); return errSentinel }

// fullBody has every optional method that bodies are known to have.
type fullBody struct {
	plainBody
}

func (b *fullBody) Write(p []byte) (int, error) { b.note("Write"); return len(p), errSentinel }
func (b *fullBody) CloseWrite() error           { b.note("CloseWrite"); return errSentinel }
func (b *fullBody) ReadFrom(io.Reader) (int64, error) {
	b.note("ReadFrom")
	return 0, errSentinel
}
func (b *fullBody) WriteTo(io.Writer) (int64, error) {
	b.note("WriteTo")
	return 0, errSentinel
}
func (b *fullBody) Seek(int64, int) (int64, error)   { b.note("Seek"); return 0, errSentinel }
func (b *fullBody) SetDeadline(time.Time) error      { b.note("SetDeadline"); return errSentinel }
func (b *fullBody) SetReadDeadline(time.Time) error  { b.note("SetReadDeadline"); return errSentinel }
func (b *fullBody) SetWriteDeadline(time.Time) error { b.note("SetWriteDeadline"); return errSentinel }

type (
	halfCloser interface{ CloseWrite() error }
	deadlines  interface {
		SetDeadline(time.Time) error
		SetReadDeadline(time.Time) error
		SetWriteDeadline(time.Time) error
	}
)

// forwards checks that a call on the wrapped body calls the same method of the
// transport's body and returns its error.
func forwards[T any](name, method, doc string, call func(T) error) Check {
	return Check{"client/body/" + name, doc, func(t *trial) {
		below := &fullBody{}
		res, err := t.call(answer(below), nil)
		if !t.must("the call", err) {
			return
		}
		defer func() { _ = res.Body.Close() }()
		b, ok := res.Body.(T)
		if !ok {
			t.errorf("the response's body has no %s", method)
			return
		}
		if err := call(b); !errors.Is(err, errSentinel) || !slices.Contains(below.calls, method) {
			t.errorf("%s: the transport's body is called %v, the error is %v", method, below.calls, err)
		}
	}}
}

var bodyChecks = []Check{
	{"client/body/read", "the body's own errors come back, and Close is called once", func(t *trial) {
		below := &plainBody{left: "text", err: errSentinel}
		res, err := t.call(answer(below), nil)
		if !t.must("the call", err) {
			return
		}
		if got, err := io.ReadAll(res.Body); string(got) != "text" || !errors.Is(err, errSentinel) {
			t.errorf("read %q: %v", got, err)
		}
		if err := res.Body.Close(); !errors.Is(err, errSentinel) || len(below.calls) != 1 {
			t.errorf("Close: %v, calls %v", err, below.calls)
		}
	}},
	forwards("write", "Write", "io.Writer, of a connection that has changed its protocol", func(w io.Writer) error {
		_, err := w.Write(nil)
		return err
	}),
	forwards("close_write", "CloseWrite", "CloseWrite, of a connection that has changed its protocol", halfCloser.CloseWrite),
	forwards("read_from", "ReadFrom", "io.ReaderFrom", func(f io.ReaderFrom) error {
		_, err := f.ReadFrom(nil)
		return err
	}),
	forwards("write_to", "WriteTo", "io.WriterTo", func(t io.WriterTo) error {
		_, err := t.WriteTo(nil)
		return err
	}),
	forwards("seek", "Seek", "io.Seeker", func(s io.Seeker) error {
		_, err := s.Seek(0, io.SeekStart)
		return err
	}),
	forwards("deadline", "SetDeadline", "SetDeadline", func(d deadlines) error { return d.SetDeadline(time.Time{}) }),
	forwards("read_deadline", "SetReadDeadline", "SetReadDeadline", func(d deadlines) error { return d.SetReadDeadline(time.Time{}) }),
	forwards("write_deadline", "SetWriteDeadline", "SetWriteDeadline", func(d deadlines) error { return d.SetWriteDeadline(time.Time{}) }),
	{"client/body/no_more", "nothing is claimed that the transport's body has not", func(t *trial) {
		res, err := t.call(answer(&plainBody{}), nil)
		if !t.must("the call", err) {
			return
		}
		defer func() { _ = res.Body.Close() }()
		for name, has := range map[string]bool{
			"Write": is[io.Writer](res.Body), "CloseWrite": is[halfCloser](res.Body), "ReadFrom": is[io.ReaderFrom](res.Body),
			"WriteTo": is[io.WriterTo](res.Body), "Seek": is[io.Seeker](res.Body), "deadlines": is[deadlines](res.Body),
		} {
			if has {
				t.errorf("claims %s", name)
			}
		}
	}},
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}
