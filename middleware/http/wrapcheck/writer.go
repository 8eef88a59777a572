package wrapcheck

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"
)

// plainWriter is a ResponseWriter and nothing else.
type plainWriter struct {
	header http.Header
	body   strings.Builder
	status []int
	calls  []string
}

func newPlainWriter() *plainWriter { return &plainWriter{header: http.Header{}} }

func (w *plainWriter) Header() http.Header { return w.header }
func (w *plainWriter) WriteHeader(n int)   { w.status = append(w.status, n) }
func (w *plainWriter) Write(p []byte) (int, error) {
	w.calls = append(w.calls, "Write")
	return w.body.Write(p)
}

// fullWriter has every optional method and notes its calls.
type fullWriter struct {
	plainWriter
	source io.Reader // of ReadFrom
}

func newFullWriter() *fullWriter { return &fullWriter{plainWriter: *newPlainWriter()} }

// closeNotify is http.CloseNotifier, which is deprecated; old programs still
// ask for it.
type closeNotify interface{ CloseNotify() <-chan bool }

var errSentinel = errors.New("the writer's own error")

func (w *fullWriter) note(call string) { w.calls = append(w.calls, call) }

func (w *fullWriter) Flush()            { w.note("Flush") }
func (w *fullWriter) FlushError() error { w.note("FlushError"); return errSentinel }
func (w *fullWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.note("Hijack")
	return nil, nil, errSentinel
}
func (w *fullWriter) Push(string, *http.PushOptions) error { w.note("Push"); return errSentinel }
func (w *fullWriter) CloseNotify() <-chan bool             { w.note("CloseNotify"); return nil }
func (w *fullWriter) WriteString(s string) (int, error) {
	w.note("WriteString")
	return w.body.WriteString(s)
}
func (w *fullWriter) ReadFrom(r io.Reader) (int64, error) {
	w.note("ReadFrom")
	w.source = r
	return io.Copy(&w.body, r)
}
func (w *fullWriter) SetReadDeadline(time.Time) error { w.note("SetReadDeadline"); return errSentinel }
func (w *fullWriter) SetWriteDeadline(time.Time) error {
	w.note("SetWriteDeadline")
	return errSentinel
}
func (w *fullWriter) EnableFullDuplex() error { w.note("EnableFullDuplex"); return errSentinel }

func (w *fullWriter) called(method string) bool { return slices.Contains(w.calls, method) }

// inProcess has the wrapped handler answer a request into w.
func (t *trial) inProcess(w http.ResponseWriter, h http.HandlerFunc) {
	t.subject.Wrap(h).ServeHTTP(w, t.prepared(httptest.NewRequest("GET", "/", nil)))
}

// reaches checks that a call on the wrapped writer calls method of the server's
// writer and returns its error.
func reaches(method string, call func(http.ResponseWriter) (has bool, err error)) func(*trial) {
	return func(t *trial) {
		below := newFullWriter()
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) {
			has, err := call(w)
			switch {
			case !has:
				t.errorf("the wrapped writer has no %s", method)
			case !below.called(method):
				t.errorf("%s of the server's writer is not called", method)
			case !errors.Is(err, errSentinel):
				t.errorf("the error of %s is %v, not the server's", method, err)
			}
		})
	}
}

// control makes a check of a method of ResponseController.
func control(method string, call func(*http.ResponseController) error) func(*trial) {
	return reaches(method, func(w http.ResponseWriter) (bool, error) {
		return true, call(http.NewResponseController(w))
	})
}

var writerChecks = []Check{
	{"writer/flush", "http.Flusher", func(t *trial) {
		below := newFullWriter()
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) {
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			if !below.called("Flush") && !below.called("FlushError") {
				t.errorf("Flush does not reach the server's writer")
			}
		})
	}},
	{"writer/flush_error", "ResponseController.Flush and its error",
		control("FlushError", func(c *http.ResponseController) error { return c.Flush() })},
	{"writer/hijack", "http.Hijacker", reaches("Hijack", func(w http.ResponseWriter) (bool, error) {
		h, ok := w.(http.Hijacker)
		if !ok {
			return false, nil
		}
		_, _, err := h.Hijack()
		return true, err
	})},
	{"writer/hijack_control", "ResponseController.Hijack", control("Hijack", func(c *http.ResponseController) error {
		_, _, err := c.Hijack()
		return err
	})},
	{"writer/push", "http.Pusher", reaches("Push", func(w http.ResponseWriter) (bool, error) {
		p, ok := w.(http.Pusher)
		if !ok {
			return false, nil
		}
		return true, p.Push("/x", nil)
	})},
	{"writer/read_deadline", "ResponseController.SetReadDeadline",
		control("SetReadDeadline", func(c *http.ResponseController) error { return c.SetReadDeadline(time.Now()) })},
	{"writer/write_deadline", "ResponseController.SetWriteDeadline",
		control("SetWriteDeadline", func(c *http.ResponseController) error { return c.SetWriteDeadline(time.Now()) })},
	{"writer/full_duplex", "ResponseController.EnableFullDuplex",
		control("EnableFullDuplex", func(c *http.ResponseController) error { return c.EnableFullDuplex() })},
	{"writer/close_notify", "http.CloseNotifier, for old programs", func(t *trial) {
		t.inProcess(newFullWriter(), func(w http.ResponseWriter, _ *http.Request) {
			if _, ok := w.(closeNotify); !ok {
				t.errorf("the wrapped writer has no CloseNotify")
			}
		})
	}},
	{"writer/read_from", "io.Copy hands its source to ReadFrom as it is, as sendfile needs", func(t *trial) {
		below := newFullWriter()
		source := struct{ io.Reader }{strings.NewReader("text")}
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) {
			n, err := io.Copy(w, &source)
			if n != 4 || err != nil || below.body.String() != "text" {
				t.errorf("copied %d bytes %q: %v", n, below.body.String(), err)
			}
			if below.source != io.Reader(&source) {
				t.errorf("ReadFrom of the server's writer is called with %T", below.source)
			}
		})
	}},
	{"writer/write_string", "io.WriteString reaches WriteString", func(t *trial) {
		below := newFullWriter()
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) {
			n, err := io.WriteString(w, "text")
			if n != 4 || err != nil || below.body.String() != "text" {
				t.errorf("wrote %d bytes %q: %v", n, below.body.String(), err)
			}
			if !below.called("WriteString") {
				t.errorf("WriteString of the server's writer is not called")
			}
		})
	}},
	{"writer/unwrap", "the writer can be unwrapped to the server's", func(t *trial) {
		below := newFullWriter()
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) {
			for w != http.ResponseWriter(below) {
				u, ok := w.(interface{ Unwrap() http.ResponseWriter })
				if !ok {
					t.errorf("%T has no Unwrap", w)
					return
				}
				w = u.Unwrap()
			}
		})
	}},
	{"writer/no_more", "nothing is claimed that the server's writer has not", func(t *trial) {
		t.inProcess(newPlainWriter(), func(w http.ResponseWriter, _ *http.Request) {
			if _, ok := w.(http.Flusher); ok {
				t.errorf("claims Flush")
			}
			if _, ok := w.(http.Hijacker); ok {
				t.errorf("claims Hijack")
			}
			if _, ok := w.(http.Pusher); ok {
				t.errorf("claims Push")
			}
			if _, ok := w.(closeNotify); ok {
				t.errorf("claims CloseNotify")
			}
			if err := http.NewResponseController(w).SetReadDeadline(time.Now()); !errors.Is(err, http.ErrNotSupported) {
				t.errorf("SetReadDeadline: %v, want http.ErrNotSupported", err)
			}
		})
	}},
	{"writer/headers", "statuses arrive as they were written, once", func(t *trial) {
		below := newPlainWriter()
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Test", "yes")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte("text"))
		})
		if len(below.status) != 2 || below.status[0] != 103 || below.status[1] != 201 || below.header.Get("X-Test") != "yes" {
			t.errorf("statuses %v, header %v", below.status, below.header)
		}
	}},
	{"writer/implicit_header", "a handler that only writes has no status written for it", func(t *trial) {
		below := newPlainWriter()
		t.inProcess(below, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("text")) })
		if len(below.status) != 0 || below.body.String() != "text" {
			t.errorf("statuses %v, body %q", below.status, below.body.String())
		}
	}},
}
