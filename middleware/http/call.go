package sondehttp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// call is one traced call of a Transport. Seen as a [callContext] it is a part
// of the context of what runs below.
type call struct {
	parent  context.Context // the request's own
	request *http.Request   // the caller's
	point   profiler.Point
	status  int
	phases  *phases // nil: nobody asked

	begun time.Time
	last  atomic.Int64 // when the body last gave something, since begun
	bytes atomic.Int64 // of the body
	ended atomic.Bool
}

// callContext is the request's context with the call in it.
type callContext call

type callKey struct{}

// Deadline implements [context.Context].
func (c *callContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done implements [context.Context].
func (c *callContext) Done() <-chan struct{} { return c.parent.Done() }

// Err implements [context.Context].
func (c *callContext) Err() error { return c.parent.Err() }

// Value implements [context.Context].
func (c *callContext) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return (*call)(c)
	}
	return c.parent.Value(key)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// same says whether r is the request of c, or what a transport between two
// Transports has made of it. A request to elsewhere, for instance for a token,
// is another call.
func (c *call) same(r *http.Request) bool {
	a, b := c.request.URL, r.URL
	return c.request.Method == r.Method && (a == b ||
		a.Scheme == b.Scheme && a.Host == b.Host && a.Path == b.Path && a.RawQuery == b.RawQuery)
}

// answered ends the point, or has the response's body do it.
func (c *call) answered(res *http.Response, err error) {
	if err != nil || res == nil {
		c.end(profiler.Ending{Err: err})
		return
	}
	c.status = res.StatusCode
	if res.Body == nil || res.Body == http.NoBody {
		c.end(profiler.Ending{})
		return
	}
	c.touch()
	b := &body{ReadCloser: res.Body, call: c}
	b.cleanup = runtime.AddCleanup(b, (*call).leaked, c)
	if w, ok := res.Body.(io.Writer); ok {
		res.Body = duplexBody{b, w} // a connection that changed its protocol
	} else {
		res.Body = b
	}
}

// touch notes that the body is being used.
func (c *call) touch() { c.last.Store(int64(time.Since(c.begun))) }

// lastUse is when the body last gave something: what comes later is the
// caller's time, not the call's.
func (c *call) lastUse() time.Time { return c.begun.Add(time.Duration(c.last.Load())) }

func (c *call) leaked() { c.end(profiler.Ending{Outcome: "leaked", Time: c.lastUse()}) }

// end writes the stop record; only the first call does.
func (c *call) end(end profiler.Ending) {
	if c.ended.Swap(true) {
		return
	}
	end.Group = "requests"
	if end.Err == nil && c.status >= 500 {
		end.Err = StatusError(c.status)
	}
	var a [7]slog.Attr
	attrs := a[:0]
	if c.status != 0 {
		attrs = append(attrs, slog.Int("status_code", c.status), slog.Int64("bytes", c.bytes.Load()))
	}
	if c.phases != nil {
		attrs = c.phases.attrs(attrs)
	}
	c.point.End(end, attrs...)
}

// body ends the point of its call when it has been read or is closed. Nothing
// that the call can reach refers to it, so that the runtime sees when it is
// dropped.
type body struct {
	io.ReadCloser
	call    *call
	cleanup runtime.Cleanup
}

// duplexBody is a body that can be written to as well.
type duplexBody struct {
	*body
	io.Writer
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.call.bytes.Add(int64(n))
	switch {
	case err == nil:
		b.call.touch()
	case err == io.EOF:
		b.end(profiler.Ending{})
	default:
		b.end(profiler.Ending{Err: err})
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.end(profiler.Ending{Time: b.call.lastUse()})
	return b.ReadCloser.Close()
}

func (b *body) end(end profiler.Ending) {
	b.cleanup.Stop()
	b.call.end(end)
}
