package sqlpoint

import "github.com/sonde-go/sonde/profiler"

var read, affected = profiler.EncodeNumbered("rows"), profiler.EncodeNumbered("rows_affected")

// Rows is what a point says of n rows that were read.
func Rows(n int64) profiler.Encoded { return read.With(n) }

// Affected is what it says of n rows that were changed.
func Affected(n int64) profiler.Encoded { return affected.With(n) }
