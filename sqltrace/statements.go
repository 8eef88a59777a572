package sqltrace

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/internal/sqltext"
)

// statements caches what is recorded about the statements that a program runs,
// which are few. A statement whose slot is taken replaces the other one, so that
// the cache never grows.
type statements struct {
	dialect sqltext.Dialect
	seed    maphash.Seed
	slots   [256]atomic.Pointer[statement]
}

// statement is a text as the program wrote it, the same without its literals, and
// its fingerprint.
type statement struct{ written, hidden, fingerprint string }

// maxRemembered is how long a statement may be to be cached; longer ones contain
// values and do not recur.
const maxRemembered = 4 << 10

func (s *statements) init(d sqltext.Dialect) { s.dialect, s.seed = d, maphash.MakeSeed() }

func (s *statements) of(text string) *statement {
	if len(text) > maxRemembered {
		return s.read(text)
	}
	slot := &s.slots[maphash.String(s.seed, text)%uint64(len(s.slots))]
	if p := slot.Load(); p != nil && p.written == text {
		return p
	}
	p := s.read(strings.Clone(text))
	slot.Store(p)
	return p
}

func (s *statements) read(text string) *statement {
	return &statement{text, sqltext.WithoutLiterals(text, s.dialect), sqltext.Fingerprint(text, s.dialect)}
}

// columns are the names of the columns that the arguments of text belong to.
func (s *statements) columns(text string) []string { return sqltext.Columns(text, s.dialect) }
