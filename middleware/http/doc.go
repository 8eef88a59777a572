// Package sondehttp traces net/http servers and clients.
//
// One line wraps a server's outermost handler, one line a client's transport:
//
//	server.Handler = sondehttp.Handler(svc, mux)
//	client.Transport = sondehttp.Transport(nil, sondehttp.AllowHosts("*.internal.example"))
//
// A request that carries no validly signed X-Trace-Info is served by the very
// handler, ResponseWriter and Request that there were before, and costs
// nothing. For one that does, each layer writes a point.
//
// # What is recorded
//
//	server  http         start  {"request": {path, query, method, scheme}}
//	                     stop   {"response": {status_code, bytes, route}}
//	client  http_client  start  {"requests": {method, query, path, hostname, port, scheme}}
//	                     stop   {"requests": {status_code, bytes}}
//
// The start shapes and requests.status_code are OSProfiler's, whose tools know
// them; [WithUpstreamNames] gives the points OSProfiler's names too. A server
// point's path is the decoded path quoted anew, as WSGI shows it; a client's
// is the path as it is sent.
//
// # How a point ends
//
// A final status of 500 or above is a failure: etype "sondehttp.StatusError",
// message "503 Service Unavailable". So are a panic, which passes on unchanged
// (etype "panic"), and an error of the transport. No failures are
//
//	outcome "cancelled"  the client went away, or the caller gave up
//	outcome "timeout"    the server's context passed its deadline
//	outcome "aborted"    the handler panicked with http.ErrAbortHandler
//	outcome "leaked"     a response's body was dropped without Close
//
// # Routes
//
// The route is the Pattern that [http.ServeMux] leaves in the request. Where a
// middleware between Handler and the mux copies the request, put [RecordRoute]
// around the mux. For gorilla/mux there is the package muxroute; any other
// router can call [SetRoute].
package sondehttp
