package sondegrpc

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sonde-go/sonde/profiler"
)

// StreamClientInterceptor traces the streams of a connection, with one point for
// each stream. Otherwise it is like [UnaryClientInterceptor].
//
// A point ends when its stream does: when it has been read to its end or to an
// error, when its context ends, or when the connection is closed. A stream to
// which none of this happens is a leak that gRPC's documentation warns about, and
// its point stays open.
func StreamClientInterceptor(opts ...ClientOption) grpc.StreamClientInterceptor {
	c := newClient(opts)
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, callOpts ...grpc.CallOption) (grpc.ClientStream, error) {
		if !profiler.Carries(ctx) || markOf(ctx, clientSide).covers(cc, method) || c.excludes(method) {
			return streamer(ctx, desc, cc, method, callOpts...)
		}
		if !profiler.Active(ctx) || pointed(ctx) {
			return streamer(sign(ctx), desc, cc, method, callOpts...)
		}
		return c.stream(ctx, desc, cc, method, streamer, callOpts)
	}
}

func (c *client) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, callOpts []grpc.CallOption) (grpc.ClientStream, error) {
	began := time.Now()
	out, p := c.open(&mark{Context: ctx, method: method, cc: cc, side: clientSide}, began)
	s := &clientStream{ctx: ctx, point: p, desc: desc, tally: tally{began: began}}
	s.forget = context.AfterFunc(ctx, s.contextEnded)
	returned := false
	defer p.Guard(&returned)
	defer func() {
		if !returned {
			s.ended.Do(func() {}) // the Guard ends the point
			s.forget()
		}
	}()
	callOpts = append(callOpts[:len(callOpts):len(callOpts)], grpc.OnFinish(s.finished))
	stream, err := streamer(out, desc, cc, method, callOpts...)
	returned = true
	if err != nil {
		s.end(err)
		return stream, err
	}
	s.ClientStream = stream
	return s, nil
}

// clientStream counts the messages of a stream and ends its point.
type clientStream struct {
	grpc.ClientStream
	ctx    context.Context // the caller's
	point  profiler.Point
	desc   *grpc.StreamDesc
	tally  tally
	ended  sync.Once
	forget func() bool // no longer waits for the context's end
}

func (s *clientStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	switch err {
	case nil:
		s.tally.countSent(time.Now())
	case io.EOF: // the stream has ended; RecvMsg says why
	default:
		s.end(err)
	}
	return err
}

func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch err {
	case nil:
		s.tally.countReceived(time.Now())
		if !s.desc.ServerStreams { // the only answer, as in CloseAndRecv
			s.end(nil)
		}
	case io.EOF:
		s.end(nil)
	default:
		s.end(err)
	}
	return err
}

func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	if err != nil {
		s.end(err)
	}
	return md, err
}

func (s *clientStream) CloseSend() error {
	err := s.ClientStream.CloseSend()
	if err != nil {
		s.end(err)
	}
	return err
}

// contextEnded is called when the caller's context ends before the stream.
func (s *clientStream) contextEnded() {
	s.record(status.FromContextError(s.ctx.Err()).Err())
}

// finished is called when an attempt at the stream is over, after which a retrying
// interceptor may make another. It is the only way to learn that the connection
// was closed.
func (s *clientStream) finished(err error) {
	if status.Code(err) == codes.Canceled && s.ctx.Err() == nil {
		s.end(err)
	}
}

// end ends the point if it is still open.
func (s *clientStream) end(err error) {
	s.record(err)
	s.forget()
}

// record returns when the point has ended, whoever ends it: the program goes on to end
// its own.
func (s *clientStream) record(err error) {
	s.ended.Do(func() {
		kind := streamKind(s.desc.ClientStreams, s.desc.ServerStreams)
		end(s.point, clientSide, err, s.ctx.Err() != nil, s.tally.attrs(kind)...)
	})
}
