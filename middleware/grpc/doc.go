// Package sondegrpc makes the calls of google.golang.org/grpc trace points, on
// servers and on clients.
//
//	srv := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)),
//		grpc.ChainStreamInterceptor(sondegrpc.StreamServerInterceptor(svc)),
//	)
//	conn, err := grpc.NewClient(target,
//		grpc.WithChainUnaryInterceptor(sondegrpc.UnaryClientInterceptor()),
//		grpc.WithChainStreamInterceptor(sondegrpc.StreamClientInterceptor()),
//	)
//
// Programs that prefer stats handlers have [ServerHandler] and [ClientHandler].
// A call has one point even if several of these are installed.
//
// A server joins the trace of a call that carries valid signed headers, as the
// metadata x-trace-info and x-trace-hmac; a call without them costs one look
// into the metadata. A client makes a point of each call whose context carries
// a profiler and sends signed headers along.
//
// Give the server's hook before (outside of) interceptors whose time should be
// seen, and outside of one that recovers panics if a panic should be recorded
// as the error which that interceptor makes of it.
//
// # Whom the headers reach
//
// A connection goes to one target, and a client's hook is given to one
// connection: the signed headers are sent over the connections that have the
// hook and over no other. Do not give it to a connection to somebody whom you
// would not let trace your services.
//
// # What is recorded
//
// The points are named grpc on a server and grpc_client on a client; see
// [WithName]. Messages and metadata are not stored.
//
//	start  {"grpc": {"method": "/shop.Cart/Add", "service": "shop.Cart"}}
//	stop   {"grpc": {"code": "OK"}}
//	stop   {"grpc": {"code": "NotFound", "message": "no such cart"}}
//	stop   {"etype": "grpc.Internal", "message": "disk full", "grpc": {"code": "Internal"}}
//	stop   {"outcome": "cancelled", "grpc": {"code": "Canceled", "message": "context canceled"}}
//
// The stop record of a stream says who sends more than one message ("client",
// "server" or "bidi"), and how many messages this side has sent and received,
// the first and the last of them how many milliseconds after the start:
//
//	{"grpc": {"code": "OK", "stream": "bidi", "sent": 2, "received": 1,
//	          "first_sent_ms": 0.2, "last_sent_ms": 7.9,
//	          "first_received_ms": 1.4, "last_received_ms": 1.4}}
//
// On a server the codes Unknown, Unimplemented, Internal, Unavailable and
// DataLoss are failures (etype and message); what the client asked wrongly is
// not. Canceled and DeadlineExceeded are the outcomes "cancelled" and
// "timeout" if the client went away or its deadline has passed, and failures
// if the server made them up. On a client each code but OK is a failure, save
// for Canceled when the caller cancelled; DeadlineExceeded has the outcome
// "timeout" too.
//
// A panic is recorded and passes on.
package sondegrpc
