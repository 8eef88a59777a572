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

// mark is the context below which the point of a call hangs. It says that the
// call has its point, so that a hook which was installed twice makes no second.
type mark struct {
	context.Context
	method string
	cc     *grpc.ClientConn // nil on a server and for a stats handler
	rpc    *rpc             // what a stats handler knows of the call
	side   side
	info   []string // of an incoming call: the values of X-Trace-Info
}

// Value implements [context.Context].
func (m *mark) Value(key any) any {
	if k, ok := key.(side); ok && k == m.side {
		return m
	}
	return m.Context.Value(key)
}

// Get returns a header of an incoming call. Several values are as good as signed
// by nobody.
func (m *mark) Get(name string) string {
	values := m.info
	if name == header.HMACName {
		values = metadata.ValueFromIncomingContext(m.Context, hmacKey)
	}
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return ","
}

// Set is not used: nothing is written to a call that has come in.
func (m *mark) Set(string, string) {}

// Peer is the address that an incoming call came from.
func (m *mark) Peer() string {
	p, ok := peer.FromContext(m.Context)
	if !ok || p.Addr == nil {
		return ""
	}
	return p.Addr.String()
}

// markOf is the mark that ctx carries, nil if none.
func markOf(ctx context.Context, s side) *mark {
	m, _ := ctx.Value(s).(*mark)
	return m
}

// covers says whether m marks the call of method over cc, or over any
// connection if cc is nil. A call that is made on behalf of another one, say
// for a token, differs in one of the two.
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
