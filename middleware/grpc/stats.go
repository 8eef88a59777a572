package sondegrpc

import (
	"context"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/sonde-go/sonde/profiler"
)

// ServerHandler returns a stats handler that does what [UnaryServerInterceptor]
// and [StreamServerInterceptor] do, with the same records. It also sees calls of
// unknown methods and includes the time of all interceptors. It costs more than
// they do, since gRPC itself copies the metadata of each call for a stats handler.
// The point of a call that panics is ended only if an interceptor recovers the
// panic.
func ServerHandler(svc *profiler.Service, opts ...ServerOption) stats.Handler {
	return &serverHandler{server: newServer(svc, opts)}
}

// ClientHandler returns a stats handler that does what [UnaryClientInterceptor]
// and [StreamClientInterceptor] do, with the same records but for two differences:
// each attempt of a call that gRPC retries is a point, and a stats handler does not
// learn the status of a call that the server ended before the client had sent its
// request: the code is then Unknown, or OK if both sides send streams.
func ClientHandler(opts ...ClientOption) stats.Handler {
	return &clientHandler{client: newClient(opts)}
}

// rpc is what a stats handler knows of a traced call.
type rpc struct {
	mark
	owner stats.Handler
	point profiler.Point
	tally tally
	kind  string // see streamKind
	begun bool
	// told says that the server's status was sent, so that the client had not
	// cancelled.
	told atomic.Bool
}

func newRPC(ctx context.Context, owner stats.Handler, s side, method string) *rpc {
	r := &rpc{owner: owner, tally: tally{began: time.Now()}}
	r.mark = mark{Context: ctx, method: method, side: s, rpc: r}
	return r
}

// rpcOf is the call of ctx if it belongs to owner.
func rpcOf(ctx context.Context, owner stats.Handler, s side) *rpc {
	if m := markOf(ctx, s); m != nil && m.rpc != nil && m.rpc.owner == owner {
		return m.rpc
	}
	return nil
}

// tagged reports whether the call already has its point.
func tagged(ctx context.Context, owner stats.Handler, s side, method string) bool {
	if !markOf(ctx, s).covers(nil, method) {
		return false
	}
	if r := rpcOf(ctx, owner, s); r != nil {
		r.tally.again++ // the same handler is installed once more
	}
	return true
}

// note records what happened to the call; it returns true at its end.
func (r *rpc) note(s stats.RPCStats) bool {
	switch s := s.(type) {
	case *stats.Begin:
		r.begun = true
		r.kind = streamKind(s.IsClientStream, s.IsServerStream)
	case *stats.InPayload:
		r.tally.countReceived(s.RecvTime)
	case *stats.OutPayload:
		r.tally.countSent(s.SentTime)
	case *stats.End:
		return true
	}
	return false
}

func (r *rpc) end(err error, gone bool) {
	if r.point == (profiler.Point{}) {
		return // ended by the same handler, installed twice
	}
	p := r.point
	r.point = profiler.Point{}
	if r.kind == "" {
		end(p, r.side, err, gone)
		return
	}
	end(p, r.side, err, gone, r.tally.attrs(r.kind)...)
}

// conns is the part of a stats handler that concerns connections.
type conns struct{}

func (conns) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (conns) HandleConn(context.Context, stats.ConnStats)                       {}

type serverHandler struct {
	conns
	server *server
}

func (h *serverHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	headers, maybe := h.server.look(ctx)
	if !maybe || tagged(ctx, h, serverSide, info.FullMethodName) {
		return ctx
	}
	r := newRPC(ctx, h, serverSide, info.FullMethodName)
	r.info = headers
	ctx, r.point = h.server.openMarked(&r.mark, r.tally.began)
	return ctx
}

func (h *serverHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	r := rpcOf(ctx, h, serverSide)
	if r == nil {
		return
	}
	if _, ok := s.(*stats.OutTrailer); ok {
		r.told.Store(true)
		if !r.begun { // a call of an unknown method has no Begin and no End
			r.end(status.Error(codes.Unimplemented, "unknown method"), false)
		}
	}
	if r.note(s) {
		r.end(s.(*stats.End).Error, r.clientGone())
	}
}

// clientGone reports whether the client went away before its call ended on the
// server. The call's context cannot tell: it has ended in any case.
func (r *rpc) clientGone() bool {
	deadline, ok := r.Context.Deadline()
	return !r.told.Load() || ok && !time.Now().Before(deadline)
}

type clientHandler struct {
	conns
	client *client
}

func (h *clientHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if !profiler.Carries(ctx) || tagged(ctx, h, clientSide, info.FullMethodName) || h.client.excludes(info.FullMethodName) {
		return ctx
	}
	if !profiler.Active(ctx) || pointed(ctx) {
		return sign(ctx)
	}
	r := newRPC(ctx, h, clientSide, info.FullMethodName)
	ctx, r.point = h.client.open(&r.mark, r.tally.began)
	return ctx
}

func (h *clientHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	r := rpcOf(ctx, h, clientSide)
	if r == nil || !r.note(s) {
		return
	}
	err := s.(*stats.End).Error
	if err == nil && r.unanswered() {
		err = status.Error(codes.Unknown, "ended by the server before the request was sent")
	}
	r.end(err, r.Context.Err() != nil)
}

// unanswered reports whether a message is missing that every successful call has.
func (r *rpc) unanswered() bool {
	switch r.kind {
	case "bidi":
		return false
	case "server":
		return r.tally.sent.n.Load() == 0
	}
	return r.tally.received.n.Load() == 0
}
