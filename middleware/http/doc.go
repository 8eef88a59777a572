// Package sondehttp traces net/http servers and clients.
//
// One line wraps a server's outermost handler, and one line a client's transport:
//
//	server.Handler = sondehttp.Handler(svc, mux)
//	client.Transport = sondehttp.Transport(nil, sondehttp.AllowHosts("*.internal.example"))
//
// A request without a validly signed X-Trace-Info is served with the original
// handler, ResponseWriter and Request, at no cost. For one that has it, each layer
// records a point.
//
// # Who receives the headers
//
// [AllowHosts] names the hosts that may receive the headers. From a request to any
// other host a Transport removes them, wherever they came from and whether or not
// the request is traced, since a reverse proxy passes on what its callers sent.
// This package cannot protect a client without a Transport, such as a proxy that
// still uses [http.DefaultTransport].
//
// # What is recorded
//
//	server  http         start  {"request": {path, query, method, scheme}}
//	                     stop   {"response": {status_code, bytes, route}}
//	client  http_client  start  {"requests": {method, query, path, hostname, port, scheme}}
//	                     stop   {"requests": {status_code, bytes}}
//
// The shape of the start records and requests.status_code are OSProfiler's, so its
// tools understand them; [WithUpstreamNames] gives the points OSProfiler's names
// too. The path of a server's point is the decoded path quoted again, as WSGI
// shows it; that of a client's point is the path as it is sent.
//
// # How a point ends
//
// A final status of 500 or above is a failure: etype "sondehttp.StatusError",
// message "503 Service Unavailable". So are a panic, which passes on unchanged
// (etype "panic"), and an error of the transport, which has the outcome "timeout"
// if it is one. These are not failures:
//
//	outcome "cancelled"  the client went away, or the caller gave up
//	outcome "timeout"    the server's context passed its deadline
//	outcome "aborted"    the handler panicked with http.ErrAbortHandler
//	outcome "leaked"     a response's body was dropped without Close
//
// # Routes
//
// The route is the Pattern that [http.ServeMux] sets in the request. If a
// middleware between Handler and the mux copies the request, wrap the mux in
// [RecordRoute]. For gorilla/mux there is package muxroute; any other router can
// call [SetRoute].
package sondehttp
