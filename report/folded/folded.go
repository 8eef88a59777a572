// Package folded writes reports as folded stacks, which flamegraph.pl, inferno and
// speedscope draw: a line for each stack, its frames with semicolons between them, and
// the microseconds that it took itself.
package folded

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/stacks"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "folded",
	Doc:   "folded stacks with their own microseconds, for flamegraph.pl or inferno",
	Text:  true,
	Write: Write,
}

// Write writes one trace. It returns the first error of w.
//
// Of the options Now means something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	return WriteStacks(w, stacks.Of(r, o))
}

// WriteStacks writes one or more traces. Stacks that took no time of their own have no
// line. It returns the first error of w.
func WriteStacks(w io.Writer, s *stacks.Stacks) error {
	out := bufio.NewWriter(w)
	frames := slices.Clone(s.Frames())
	for i, f := range frames {
		frames[i] = strings.ReplaceAll(f, ";", ",")
	}
	var before []int
	var self time.Duration
	line := func() {
		if self < time.Microsecond {
			return
		}
		for i, f := range before {
			if i > 0 {
				out.WriteByte(';')
			}
			out.WriteString(frames[f])
		}
		out.WriteByte(' ')
		out.WriteString(strconv.FormatInt(self.Microseconds(), 10))
		out.WriteByte('\n')
	}
	for stack, sample := range s.All() {
		if !slices.Equal(stack, before) {
			line()
			before, self = append(before[:0], stack...), 0
		}
		self = saturate.Add(self, sample.Self)
	}
	line()
	return out.Flush()
}
