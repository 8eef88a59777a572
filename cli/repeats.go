package cli

import (
	"crypto/sha256"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// repeats tells the records of a store that are there more than once, since whoever
// wrote them could not know that they had arrived. They come in the order of time, so
// only those of one microsecond are remembered, and of each its hash. Records that
// differ in anything are no repeats of each other, whatever their names.
type repeats struct {
	trace header.ID
	time  int64
	seen  map[[sha256.Size]byte]bool
}

// has reports whether the very same record has come before.
func (r *repeats) has(e *record.Event) bool {
	if r.seen == nil || e.Trace() != r.trace || e.Time() != r.time {
		r.trace, r.time = e.Trace(), e.Time()
		r.seen = map[[sha256.Size]byte]bool{}
	}
	hash := sha256.Sum256(e.JSON())
	was := r.seen[hash]
	r.seen[hash] = true
	return was
}
