package sqlpoint

import (
	"log/slog"
	"sync/atomic"

	"github.com/sonde-go/sonde/profiler"
)

// Count is what a point says of a number of rows. The zero Count says nothing.
type Count struct{ shown profiler.Encoded }

// Rows are n rows that were read.
func Rows(n int64) Count { return read.of("rows", n) }

// Affected are n rows that were changed.
func Affected(n int64) Count { return affected.of("rows_affected", n) }

var read, affected counts

// counts has what is said of usual numbers, once it has been needed.
type counts [256]atomic.Pointer[Count]

func (c *counts) of(key string, n int64) Count {
	if n < 0 || n >= int64(len(c)) {
		return Count{profiler.Encode(slog.Int64(key, n))}
	}
	known := c[n].Load()
	if known == nil {
		known = &Count{profiler.Encode(slog.Int64(key, n))}
		c[n].Store(known)
	}
	return *known
}
