package sondehttp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// exchange is one traced request and its response. Seen as a [core] it is the
// ResponseWriter that the handler gets; seen as an [exchangeContext] it is part of
// the handler's context.
type exchange struct {
	w       http.ResponseWriter // the server's
	request *http.Request       // the server's
	parent  context.Context     // the server's; the request's may change

	// The handler's answer. Like the ResponseWriter that they belong to, these
	// fields are not safe for concurrent use.
	status   int // final one; 0: not yet
	bytes    int64
	hijacked bool

	mu    sync.Mutex
	route string // guarded by mu
}

// exchangeContext is the request's context with the exchange in it.
type exchangeContext exchange

type exchangeKey struct{}

// Deadline implements [context.Context].
func (c *exchangeContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done implements [context.Context].
func (c *exchangeContext) Done() <-chan struct{} { return c.parent.Done() }

// Err implements [context.Context].
func (c *exchangeContext) Err() error { return c.parent.Err() }

// Value implements [context.Context].
func (c *exchangeContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return (*exchange)(c)
	}
	return c.parent.Value(key)
}

// current is the innermost exchange of ctx, or nil if it is not traced.
func current(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// SetRoute records in the server's point of ctx which route serves the request,
// for routers that do not set [http.Request.Pattern]. route is a template such as
// "/users/{id}", never a path, since reports group by it. Only the first call
// counts. SetRoute does nothing in a request that is not traced, and is safe for
// concurrent use.
func SetRoute(ctx context.Context, route string) {
	if x := current(ctx); x != nil {
		x.setRoute(route)
	}
}

func (x *exchange) setRoute(route string) {
	if route == "" {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.route == "" {
		x.route = route
	}
}

// RecordRoute wraps mux to record the pattern that matched a request. It is needed
// only if a middleware between [Handler] and mux copies the request, for instance
// with WithContext, since Handler cannot see the pattern of the copy.
func RecordRoute(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { SetRoute(r.Context(), r.Pattern) }()
		mux.ServeHTTP(w, r)
	})
}

// StatusError is the failure of a point whose request was answered with 500 or
// above.
type StatusError int

// Error returns the code with its name, such as "503 Service Unavailable".
func (e StatusError) Error() string {
	if text := http.StatusText(int(e)); text != "" {
		return fmt.Sprintf("%d %s", int(e), text)
	}
	return fmt.Sprintf("status %d", int(e))
}

// complete reports whether the handler has written as much as it declared. A
// client that goes away after that has got its answer.
func (x *exchange) complete() bool {
	declared := x.w.Header()["Content-Length"]
	return len(declared) == 1 && declared[0] == strconv.FormatInt(x.bytes, 10)
}

// end writes the stop record. returned says that the handler returned; otherwise
// the ending is that of [profiler.Unwound].
func (x *exchange) end(p profiler.Point, returned bool, end profiler.Ending) {
	switch {
	case x.status != 0:
	case x.hijacked && x.request.Header["Upgrade"] != nil:
		x.status = http.StatusSwitchingProtocols // which the handler writes to the connection itself
	case returned && !x.hijacked:
		x.status = http.StatusOK
	}
	end.Group, end.Encoded = "response", describeAnswer(x.status, x.bytes)
	switch gone := x.parent.Err(); {
	case end.Panic == http.ErrAbortHandler:
		end.Panic, end.Outcome = nil, "aborted"
	case !returned:
	case gone == context.Canceled && !x.complete():
		end.Outcome = "cancelled"
	default:
		if gone == context.DeadlineExceeded {
			end.Outcome = "timeout"
		}
		if x.status >= 500 {
			end.Err = StatusError(x.status)
		}
	}
	x.mu.Lock()
	route := x.route
	x.mu.Unlock()
	var a [2]slog.Attr
	attrs := a[:0]
	if route != "" {
		attrs = append(attrs, slog.String("route", route))
	}
	if x.hijacked {
		attrs = append(attrs, slog.Bool("hijacked", true))
	}
	p.End(end, attrs...)
}
