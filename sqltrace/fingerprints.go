package sqltrace

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/internal/sqltext"
)

// fingerprints remembers the fingerprints of the statements that a program
// runs, which are few. A statement that falls into a slot that is taken pushes
// the other out, so that it never grows.
type fingerprints struct {
	dialect sqltext.Dialect
	seed    maphash.Seed
	slots   [256]atomic.Pointer[fingerprint]
}

type fingerprint struct{ statement, text string }

// maxRemembered is how long a statement is worth to be kept; longer ones have
// values in them and do not come again.
const maxRemembered = 4 << 10

func (f *fingerprints) init(d sqltext.Dialect) { f.dialect, f.seed = d, maphash.MakeSeed() }

func (f *fingerprints) of(statement string) string {
	if len(statement) > maxRemembered {
		return sqltext.Fingerprint(statement, f.dialect)
	}
	slot := &f.slots[maphash.String(f.seed, statement)%uint64(len(f.slots))]
	if p := slot.Load(); p != nil && p.statement == statement {
		return p.text
	}
	text := sqltext.Fingerprint(statement, f.dialect)
	slot.Store(&fingerprint{strings.Clone(statement), text})
	return text
}
