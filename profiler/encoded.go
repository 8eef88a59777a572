package profiler

import (
	"log/slog"
)

// Encoded is attributes in the form that records hold them in. A layer that gives
// the same ones to many points, such as those of a statement or a route, encodes
// them once and keeps the result. The zero Encoded is no attributes. An Encoded never
// changes and shares nothing with what it was made of, so it may be kept for ever and
// used by several goroutines at once.
type Encoded struct {
	members string // each followed by a comma
	cut     bool   // some found no room
}

var nobody Service // counts panics of the values' code for Encode

// Encode encodes attributes of a layer, which are not masked, for Opening.Encoded and
// Ending.Encoded. Their values are read during the call. It is for layers.
func Encode(attrs ...slog.Attr) Encoded {
	e := newEncoder(&nobody)
	defer e.free()
	e.attrs(attrs, 2)
	return Encoded{string(e.buf), e.truncated}
}
