package report

import (
	"io"
	"time"
)

// Output is a form in which reports are written. The command chooses one by its
// name (--format NAME).
type Output struct {
	// Name is the name of the form, such as "csv". It consists of lower-case
	// letters, digits and dashes.
	Name string

	// Doc describes the form in a few words for the command's help: "points as
	// comma-separated values, a line each".
	Doc string

	// Text says that the form is text that is safe to print on a terminal:
	// whatever the records hold, Write writes only printable UTF-8, tabs and
	// newlines, and colours only if the options ask for them. On standard output
	// the command adds a missing final newline. Forms that are not text are
	// written unchanged.
	Text bool

	// Write writes a report. It must return the first error of w, always write
	// the same for the same report, and be safe for concurrent use.
	Write func(w io.Writer, r *Report, o Options) error
}

// Options say how a report is printed. A form ignores those that do not apply to
// it.
type Options struct {
	// Width is how many columns a line may take; less than 40 counts as 40.
	// Default: 100.
	Width int
	// Color highlights what matters with ANSI colours.
	Color bool
	// MaxRows is how many rows of points are shown; those that failed and the
	// slowest are preferred. Rows that would take no more lines than the remark
	// that they are left out are shown too. Zero: no limit.
	MaxRows int
	// More says how to see the rows that MaxRows leaves out, such as "--all shows
	// them". If it is empty, the report says only how many there are.
	More string
	// Now is when the records were read, for a trace that may still be running:
	// points without a stop have run until then. Zero: until the last record.
	Now time.Time
	// Accepted are the signatures of findings that somebody has accepted, with the
	// reasons: forms do not say them with the others. package report/findings makes
	// it of a file. Nil: none is.
	Accepted map[string]string
}

// OSProfiler is [Report.WriteOSProfiler] as a form. The other forms of this module
// are in packages of their own, such as report/text.
var OSProfiler = Output{
	Name: "osprofiler",
	Doc:  `what "osprofiler trace show --json" prints`,
	Text: true,
	Write: func(w io.Writer, r *Report, _ Options) error {
		return r.WriteOSProfiler(w)
	},
}
