package sqltrace

import (
	"context"
	"database/sql/driver"
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

// argsHash is a number that two calls in a trace share only if they send the same
// text, whose hash is query, with the same arguments: then the second repeats the
// first instead of asking for something else. It has no meaning outside the trace and
// the process. It returns false if only the driver understands an argument.
func argsHash(ctx context.Context, query uint64, args []driver.NamedValue) (uint64, bool) {
	h := query
	base := profiler.BaseID(ctx)
	if id, ok := base.UUID(); ok {
		h = mix(mix(h, binary.LittleEndian.Uint64(id[:8])), binary.LittleEndian.Uint64(id[8:]))
	} else {
		h = mix(h, maphash.String(seed, base.String()))
	}
	for i := range args {
		v, ok := hashArg(args[i].Value)
		if !ok {
			return 0, false
		}
		h = mix(h, v)
	}
	return h >> (64 - hashBits), true
}

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
	return 0, false
}

// mix folds v into h.
func mix(h, v uint64) uint64 {
	high, low := bits.Mul64(h^v^0x9e3779b97f4a7c15, key^v<<1|1)
	return high ^ low ^ bits.RotateLeft64(h, 29)
}
