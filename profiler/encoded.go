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
	members  string // each followed by a comma, but for a last key that number belongs to
	number   int64
	numbered bool
	cut      bool // some found no room
}

// Numbered is an Encoded for points that differ in one number only, such as how many
// rows a statement gave. It may be kept and used as an Encoded may.
type Numbered struct {
	given Encoded
	key   string // that and the key of the number
}

var nobody Service // counts panics of the values' code for Encode

// Encode encodes attributes of a layer, which are not masked, for Opening.Encoded and
// Ending.Encoded. Their values are read during the call. It is for layers.
func Encode(attrs ...slog.Attr) Encoded {
	e := newEncoder(&nobody)
	defer e.free()
	e.attrs(attrs, 2)
	return Encoded{members: string(e.buf), cut: e.truncated}
}

// EncodeNumbered is [Encode] with one more attribute, last, whose key is given and
// whose value is a number. It is for layers.
func EncodeNumbered(key string, attrs ...slog.Attr) Numbered {
	e := newEncoder(&nobody)
	defer e.free()
	e.attrs(attrs, 2)
	before := len(e.buf)
	e.key(key, 2)
	all := string(e.buf)
	return Numbered{Encoded{members: all[:before], cut: e.truncated}, all}
}

// With returns the attributes with v as their number.
func (n *Numbered) With(v int64) Encoded {
	if len(n.key) == len(n.given.members) { // it found no room
		return n.given
	}
	return Encoded{n.key, v, true, n.given.cut}
}

// Without returns the attributes but the number.
func (n *Numbered) Without() Encoded { return n.given }
