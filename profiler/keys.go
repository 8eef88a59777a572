package profiler

import (
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
)

// attrKeys remembers how the keys of attributes are written, which are few in a program,
// and whether their values are masked. A key whose slot is taken is not remembered, so
// that a program that makes keys on the fly gains nothing and loses nothing.
type attrKeys [256]atomic.Pointer[attrKey]

// attrKey is the key of an attribute.
type attrKey struct {
	name   string
	text   string // as JSON, with the colon
	top    string // likewise at the top of info, where some names are reserved
	hidden bool   // by the mask
}

// maxKey is how long a key may be to be remembered.
const maxKey = 64

// of returns what is known of a key, nil if it cannot be remembered.
func (k *attrKeys) of(name string, mask *layer.Mask) *attrKey {
	if name == "" {
		return nil
	}
	slot := &k[uint8(len(name))<<5^name[0]<<2^name[len(name)-1]]
	known := slot.Load()
	if known == nil && len(name) <= maxKey {
		name = strings.Clone(name)
		known = &attrKey{name, string(appendKey(nil, name, false)), string(appendKey(nil, name, true)), mask.Hides(name)}
		slot.Store(known)
	}
	if known == nil || known.name != name {
		return nil
	}
	return known
}

// appendKey writes a key. Two are reserved at the top of info.
func appendKey(b []byte, name string, top bool) []byte {
	if top && (name == "host" || name == "sonde") {
		name += "_"
	}
	return append(jsontext.AppendString(b, cut(name)), ':')
}

// key writes a key; full says that the info has no room for it, hidden that its value
// is masked.
func (e *encoder) key(name string, depth int) (hidden, full bool) {
	if len(e.buf) >= e.limit {
		e.truncated = true
		return false, true
	}
	k := e.svc.written.of(name, &e.svc.mask)
	switch {
	case k == nil:
		e.buf = appendKey(e.buf, name, depth == 1)
		return e.mask != nil && e.mask.Hides(name), false
	case depth == 1:
		e.buf = append(e.buf, k.top...)
	default:
		e.buf = append(e.buf, k.text...)
	}
	return e.mask != nil && k.hidden, false
}
