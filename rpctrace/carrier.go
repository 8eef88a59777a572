package rpctrace

import (
	"context"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Carrier is where a message keeps its headers, for instance a map. Names are
// given as X-Trace-Info and X-Trace-HMAC: on most buses case matters.
type Carrier interface {
	// Get returns the header called name, "" if there is none.
	Get(name string) string
	// Set replaces it.
	Set(name, value string)
}

// Inject puts the signed headers of the trace in ctx into c; the innermost
// point of ctx becomes the parent of what the receiver does. It is false, and
// c is left alone, without a profiler in ctx or if the trace has no key.
func Inject(ctx context.Context, c Carrier) bool {
	info, mac, ok := profiler.Headers(ctx)
	if ok {
		c.Set(header.InfoName, info)
		c.Set(header.HMACName, mac)
	}
	return ok
}
