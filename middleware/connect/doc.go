// Package sondeconnect traces the calls of Connect RPC (connectrpc.com/connect),
// served or made, unary or streaming, whatever the protocol. It is a module of its
// own.
//
//	mux.Handle(orderv1connect.NewOrdersHandler(orders,
//		connect.WithInterceptors(sondeconnect.NewServerInterceptor(svc))))
//
//	stock := stockv1connect.NewStockClient(http.DefaultClient, url,
//		connect.WithInterceptors(sondeconnect.NewClientInterceptor()))
//
// Which calls a server traces is decided by [profiler.Service.Receive]. Below a
// traced HTTP request, as package middleware/http makes it, a call's point is below
// the request's. A traced call carries the headers X-Trace-Info and X-Trace-HMAC of
// its point; other calls are sent without the headers that a proxy may have copied,
// and cost a look at the context and at the headers, without an allocation.
//
// The points are connect and connect_client. Their info has the procedure and, if the
// call has an error, its code in the group "connect", and the number of messages of a
// stream. Messages are not stored.
package sondeconnect
