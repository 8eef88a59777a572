package profiler

import (
	"context"

	"github.com/sonde-go/sonde/header"
)

// Active says whether ctx carries a profiler, so that attributes which cost
// something to make are worth making.
func Active(ctx context.Context) bool { return current(ctx) != nil }

// Current returns what a message to another service has to carry: the trace,
// the innermost point of ctx as the parent, and the key to sign with, which is
// nil if the trace has none. It is false without a profiler in ctx.
func Current(ctx context.Context) (header.Info, *header.Key, bool) {
	n := current(ctx)
	if n == nil {
		return header.Info{}, nil, false
	}
	return header.Info{BaseID: n.trace.base, ParentID: n.id}, n.trace.key, true
}

// Headers returns the signed values of X-Trace-Info and X-Trace-HMAC for a
// message sent from ctx. It is false without a profiler or a key.
func Headers(ctx context.Context) (info, mac string, ok bool) {
	in, key, ok := Current(ctx)
	if !ok || key == nil {
		return "", "", false
	}
	info, mac = key.Sign(in)
	return info, mac, true
}
