package sondehttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

//go:generate go run gen_writers.go

// The views of an exchange, which together are a ResponseWriter with exactly the
// optional methods of the server's; writers_gen.go has every combination. A
// program may ask for these and act on the answer, so none may be claimed without
// being there.
//
// The methods that core has beyond a ResponseWriter are always there: they return
// what [io.WriteString] or an [http.ResponseController] would get from the
// server's writer.
type (
	core          exchange // Header, Write, WriteHeader, WriteString, Unwrap, deadlines, full duplex
	flusher       exchange // Flush and FlushError
	hijacker      exchange
	pusher        exchange
	readerFrom    exchange
	closeNotifier exchange
)

// newExchange makes the exchange of a request and the writer for its handler,
// in one allocation.
func newExchange(w http.ResponseWriter, r *http.Request) (*exchange, http.ResponseWriter) {
	x, xw := writers[optionals(w)]()
	x.w, x.request, x.parent = w, r, r.Context()
	return x, xw
}

// The optional methods of a ResponseWriter as an index into writers.
const (
	hasFlush = 1 << iota
	hasHijack
	hasPush
	hasReadFrom
	hasCloseNotify
	combinations
)

// closeNotify is http.CloseNotifier, which is deprecated; old programs still
// ask for it.
type closeNotify interface{ CloseNotify() <-chan bool }

func optionals(w http.ResponseWriter) int {
	n := 0
	if _, ok := w.(http.Flusher); ok {
		n |= hasFlush
	}
	if _, ok := w.(http.Hijacker); ok {
		n |= hasHijack
	}
	if _, ok := w.(http.Pusher); ok {
		n |= hasPush
	}
	if _, ok := w.(io.ReaderFrom); ok {
		n |= hasReadFrom
	}
	if _, ok := w.(closeNotify); ok {
		n |= hasCloseNotify
	}
	return n
}

// sent notes that the header has gone out, with status 200 unless another was set.
func (x *exchange) sent() {
	if x.status == 0 && !x.hijacked {
		x.status = http.StatusOK
	}
}

// wrote notes n bytes of the body.
func (x *exchange) wrote(n int64, err error) {
	x.bytes += n
	if n > 0 || !errors.Is(err, http.ErrHijacked) {
		x.sent()
	}
}

func (c *core) Header() http.Header { return c.w.Header() }

func (c *core) WriteHeader(status int) {
	c.w.WriteHeader(status)
	final := status >= 200 || status == http.StatusSwitchingProtocols
	if final && c.status == 0 && !c.hijacked {
		c.status = status
	}
}

func (c *core) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	(*exchange)(c).wrote(int64(n), err)
	return n, err
}

func (c *core) Unwrap() http.ResponseWriter { return c.w }

func (c *core) WriteString(s string) (int, error) {
	n, err := io.WriteString(c.w, s)
	(*exchange)(c).wrote(int64(n), err)
	return n, err
}

func (c *core) control() *http.ResponseController { return http.NewResponseController(c.w) }

func (c *core) SetReadDeadline(t time.Time) error  { return c.control().SetReadDeadline(t) }
func (c *core) SetWriteDeadline(t time.Time) error { return c.control().SetWriteDeadline(t) }
func (c *core) EnableFullDuplex() error            { return c.control().EnableFullDuplex() }

// ReadFrom passes src on unwrapped, so that the server can use sendfile.
func (f *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	n, err := f.w.(io.ReaderFrom).ReadFrom(src)
	(*exchange)(f).wrote(n, err)
	return n, err
}

func (f *flusher) Flush() {
	f.w.(http.Flusher).Flush()
	(*exchange)(f).sent()
}

func (f *flusher) FlushError() error {
	below, ok := f.w.(interface{ FlushError() error })
	if !ok {
		f.Flush()
		return nil
	}
	err := below.FlushError()
	(*exchange)(f).sent()
	return err
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := h.w.(http.Hijacker).Hijack()
	h.hijacked = h.hijacked || err == nil
	return conn, rw, err
}

func (p *pusher) Push(target string, opts *http.PushOptions) error {
	return p.w.(http.Pusher).Push(target, opts)
}

func (n *closeNotifier) CloseNotify() <-chan bool {
	return n.w.(closeNotify).CloseNotify()
}
