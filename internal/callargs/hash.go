// Package callargs compares the arguments of calls without telling them.
package callargs

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// hashBits are few enough for a number in JSON, and enough to tell the calls of
// one trace apart.
const hashBits = 48

// seed and key are the process's own, so that nobody can try values against a
// hash.
var (
	seed = maphash.MakeSeed()
	key  = rand.Uint64() | 1
)

// Hash becomes a number that two calls in a trace share only if they send the same
// text with the same arguments: then the second repeats the first instead of asking
// for something else. It has no meaning outside the trace and the process.
type Hash uint64

// Begin returns the hash of a call in ctx without arguments. text is a hash of what
// else the call sends.
func Begin(ctx context.Context, text uint64) Hash {
	h := text
	base := profiler.BaseID(ctx)
	if id, ok := base.UUID(); ok {
		h = mix(mix(h, binary.LittleEndian.Uint64(id[:8])), binary.LittleEndian.Uint64(id[8:]))
	} else {
		h = mix(h, maphash.String(seed, base.String()))
	}
	return Hash(h)
}

// Add adds an argument. It returns false if only the library that sends it
// understands it: then nothing is known of the call. No method of value is called.
func (h *Hash) Add(value any) bool {
	v, ok := hashArg(value)
	*h = Hash(mix(uint64(*h), v))
	return ok
}

// Sum is the number of all that was added.
func (h Hash) Sum() uint64 { return uint64(h) >> (64 - hashBits) }

func hashArg(value any) (uint64, bool) {
	switch v := value.(type) {
	case nil:
		return 1, true
	case int64:
		return mix(2, uint64(v)), true
	case float64:
		return mix(3, math.Float64bits(v)), true
	case bool:
		if v {
			return 4, true
		}
		return 5, true
	case string:
		return mix(6, maphash.String(seed, v)), true
	case []byte:
		return mix(6, maphash.Bytes(seed, v)), true
	case time.Time:
		return mix(7, uint64(v.UnixNano())), true
	}
	h := uint64(8)
	ok := Leaves(value, func(leaf any) {
		v, _ := hashArg(leaf)
		h = mix(h, v)
	})
	return h, ok
}

// mix folds v into h.
func mix(h, v uint64) uint64 {
	high, low := bits.Mul64(h^v^0x9e3779b97f4a7c15, key^v<<1|1)
	return high ^ low ^ bits.RotateLeft64(h, 29)
}
