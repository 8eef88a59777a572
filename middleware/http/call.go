package sondehttp

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// call is one traced call of a Transport. Seen as a [callContext] it is part of
// the context of the transports below.
type call struct {
	parent  context.Context // that of the point
	request *http.Request   // the caller's
	sent    outgoing
	point   profiler.Point
	status  int
	phases  *phases // nil: nobody asked

	last  atomic.Int64 // when the body last gave something, since epoch
	bytes atomic.Int64 // of the body
	ended atomic.Bool
}

// epoch is what times are counted from.
var epoch = time.Now()

// callContext is the point's context with the call in it.
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

// same reports whether r is the request of c, or a copy made by a transport
// between two Transports. A request to another place, for instance for a token,
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
	res.Body = newBody(res.Body, c)
}

// touch notes that the body is being used.
func (c *call) touch() { c.last.Store(int64(time.Since(epoch))) }

// lastUse is when the body last yielded something: anything later is the caller's
// time, not the call's.
func (c *call) lastUse() time.Time { return epoch.Add(time.Duration(c.last.Load())) }

// end writes the stop record; only the first call does, and returns true.
func (c *call) end(end profiler.Ending) bool {
	if c.ended.Swap(true) {
		return false
	}
	end.Group = "requests"
	if c.status != 0 {
		end.Encoded = describeAnswer(c.status, c.bytes.Load())
	}
	if end.Err == nil && c.status >= 500 {
		end.Err = StatusError(c.status)
	}
	var attrs []slog.Attr
	if c.phases != nil {
		attrs = c.phases.attrs()
	}
	c.point.End(end, attrs...)
	return true
}
