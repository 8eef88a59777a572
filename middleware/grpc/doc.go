// Package sondegrpc traces the calls of google.golang.org/grpc, on servers and on
// clients.
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
// Programs that prefer stats handlers can use [ServerHandler] and [ClientHandler].
// A call has one point even if several of these are installed.
//
// A server joins the trace of a call that carries validly signed headers, in the
// metadata x-trace-info and x-trace-hmac; a call without them costs one look into
// the metadata. A client opens a point for each call whose context carries a trace,
// and sends signed headers along.
//
// Install the server's hook outside (before) the interceptors whose time it should
// include. Install it outside an interceptor that recovers panics if a panic should
// be recorded as the error that the interceptor turns it into.
//
// # Who receives the headers
//
// A connection goes to one target, and a client's hook is given to one
// connection: the signed headers are sent over connections with the hook and over
// no others. Do not install it on a connection to anyone who must not trace your
// services.
//
// A server's hook removes the two headers from the metadata that the handler sees,
// whether or not the call is traced, so that a proxy that copies the metadata does
// not pass them on. From a proxy that traces a call, only connections with the hook
// carry headers, which are its own; at a proxy that does not trace, the trace ends.
// This package cannot protect a server without the hook, where a proxy copies the
// headers itself.
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
// The stop record of a stream says who may send more than one message ("client",
// "server" or "bidi"), how many messages this side has sent and received, and when
// the first and the last of them were, in milliseconds after the start:
//
//	{"grpc": {"code": "OK", "stream": "bidi", "sent": 2, "received": 1,
//	          "first_sent_ms": 0.2, "last_sent_ms": 7.9,
//	          "first_received_ms": 1.4, "last_received_ms": 1.4}}
//
// On a server the codes Unknown, Unimplemented, Internal, Unavailable and
// DataLoss are failures (etype and message); a client's mistake is not. Canceled
// and DeadlineExceeded are the outcomes "cancelled" and "timeout" if the client
// went away or its deadline has passed, and failures if the server returned them
// for other reasons. On a client every code but OK is a failure, except Canceled
// if the caller cancelled; DeadlineExceeded has the outcome "timeout" too.
//
// A panic is recorded and passes on.
package sondegrpc
