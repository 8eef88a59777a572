package sondeconnect

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// tally counts the messages of a stream, whose two directions are used at once.
type tally struct{ sent, received atomic.Int64 }

func (t *tally) messages() []slog.Attr {
	return []slog.Attr{slog.Int64("sent", t.sent.Load()), slog.Int64("received", t.received.Load())}
}

func count(n *atomic.Int64, err error) error {
	if err == nil {
		n.Add(1)
	}
	return err
}

// handlerConn is a stream that is served.
type handlerConn struct {
	connect.StreamingHandlerConn
	tally
}

func (c *handlerConn) Send(m any) error { return count(&c.sent, c.StreamingHandlerConn.Send(m)) }
func (c *handlerConn) Receive(m any) error {
	return count(&c.received, c.StreamingHandlerConn.Receive(m))
}

// clientConn is a stream that is called. Its headers are sent with the first message,
// or when it is closed for sending without one.
type clientConn struct {
	connect.StreamingClientConn
	tally
	point    profiler.Point
	ctx, out context.Context // the caller's, and the point's
	forget   func() bool     // no longer waits for the context's end
	signed   atomic.Bool
	ended    sync.Once
}

func (c *clientConn) sign() {
	if !c.signed.Swap(true) {
		sign(c.out, c.RequestHeader())
	}
}

func (c *clientConn) Send(m any) error {
	c.sign()
	return count(&c.sent, c.StreamingClientConn.Send(m)) // Receive says why if it fails
}

func (c *clientConn) CloseRequest() error {
	c.sign()
	return c.StreamingClientConn.CloseRequest()
}

func (c *clientConn) Receive(m any) error {
	err := count(&c.received, c.StreamingClientConn.Receive(m))
	switch {
	case errors.Is(err, io.EOF):
		c.end(nil)
	case err != nil:
		c.end(err)
	}
	return err
}

func (c *clientConn) CloseResponse() error {
	err := c.StreamingClientConn.CloseResponse()
	c.end(nil)
	return err
}

func (c *clientConn) contextEnded() { c.record(connect.NewError(contextCode(c.ctx), c.ctx.Err())) }

func contextCode(ctx context.Context) connect.Code {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return connect.CodeDeadlineExceeded
	}
	return connect.CodeCanceled
}

func (c *clientConn) end(err error) {
	c.record(err)
	c.forget()
}

// record returns when the point has ended, whoever ends it: the program goes on to end
// its own.
func (c *clientConn) record(err error) {
	c.ended.Do(func() { end(c.point, layer.Client, err, c.ctx.Err() != nil, c.messages()...) })
}

// bareConn is a stream without a point: it is sent without headers of another trace,
// which the program may have copied into it until the first message, and with those of
// a trace that is passed on.
type bareConn struct {
	connect.StreamingClientConn
	ctx context.Context
}

func (c *bareConn) Send(m any) error {
	sign(c.ctx, c.RequestHeader())
	return c.StreamingClientConn.Send(m)
}

func (c *bareConn) CloseRequest() error {
	sign(c.ctx, c.RequestHeader())
	return c.StreamingClientConn.CloseRequest()
}
