package sondegrpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sonde-go/sonde/header"
)

// side is the side of a call that a hook is on, and the key of its mark in a
// context.
type side uint8

const (
	serverSide side = iota
	clientSide
)

// mark is the context in which the point of a call is opened. It says that the
// call has its point, so that a hook installed twice does not make a second one, or
// that the call is not traced whatever its headers say. It hides the two headers in
// the metadata of an incoming call: they are not meant for the servers that a proxy
// calls.
type mark struct {
	context.Context
	method string
	cc     *grpc.ClientConn // nil on a server and for a stats handler
	rpc    *rpc             // what a stats handler knows of the call
	side   side
	info   []string // of an incoming call: the values of X-Trace-Info
	// refused says of an incoming call that it has headers and is not traced.
	refused bool
}

// Value implements [context.Context].
func (m *mark) Value(key any) any {
	if k, ok := key.(side); ok && k == m.side {
		return m
	}
	v := m.Context.Value(key)
	if len(m.info) > 0 {
		if md, ok := v.(metadata.MD); ok {
			return withoutHeaders(md)
		}
	}
	return v
}

// Get returns a header of an incoming call. Several values count as unsigned.
func (m *mark) Get(name string) string {
	values := m.info
	switch name {
	case header.HMACName:
		values = metadata.ValueFromIncomingContext(m.Context, hmacKey)
	case header.TraceParentName:
		values = metadata.ValueFromIncomingContext(m.Context, header.TraceParentName)
	}
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// Set is not used: nothing is written to an incoming call.
func (m *mark) Set(string, string) {}

// Del does nothing: the handler does not see the headers anyway.
func (m *mark) Del(string) {}

// Peer returns the address that an incoming call came from.
func (m *mark) Peer() string {
	p, ok := peer.FromContext(m.Context)
	if !ok || p.Addr == nil {
		return ""
	}
	return p.Addr.String()
}

// markOf is the mark that ctx carries, or nil.
func markOf(ctx context.Context, s side) *mark {
	m, _ := ctx.Value(s).(*mark)
	return m
}

// covers reports whether m marks the call of method over cc, or over any
// connection if cc is nil. A call made on behalf of another one, say for a token,
// differs in one of the two.
func (m *mark) covers(cc *grpc.ClientConn, method string) bool {
	return m != nil && m.method == method && (m.cc == cc || cc == nil)
}

// serviceOf cuts "/pkg.Service/Method" to "pkg.Service".
func serviceOf(method string) string {
	service := strings.TrimPrefix(method, "/")
	if i := strings.LastIndexByte(service, '/'); i >= 0 {
		service = service[:i]
	}
	return service
}
