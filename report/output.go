package report

import "io"

// Output is a form in which reports are written. The command writes any that it
// knows under its name (--format NAME).
type Output struct {
	// Name is what chooses the form: "csv". It is made of lower-case letters,
	// digits and dashes.
	Name string

	// Doc says in a few words what the form is, for the help: "points as
	// comma-separated values, a line each".
	Doc string

	// Text says that the form is text, of which a terminal shows every
	// character as it is meant: whatever the records hold, Write writes UTF-8 of
	// printable characters, tabs and the ends of lines, and colours only where
	// its options ask for them. On standard output the command ends the last
	// line if Write has not. What is not text is written as it is.
	Text bool

	// Write writes a report. It returns the first error of w, writes the same
	// for the same report, and is safe for concurrent use.
	Write func(w io.Writer, r *Report, o Options) error
}

// Options say how a report is to be printed. A form uses those that mean
// something to it.
type Options struct {
	// Width is how many columns a line may take, at least 40. 0: 100.
	Width int
	// Color marks what matters with ANSI colours.
	Color bool
	// MaxRows is how many points are shown one by one; those that failed and
	// the slowest are kept. What would take no more lines than the remark that
	// it is left out is shown too. 0: no limit.
	MaxRows int
	// More says how to see rows that are left out for MaxRows: "--all shows
	// them". Empty: the report says only how many there are.
	More string
}

// The forms of this package.
var (
	// Text is [Report.WriteText].
	Text = Output{
		Name: "text",
		Doc:  "a waterfall for the terminal",
		Text: true,
		Write: func(w io.Writer, r *Report, o Options) error {
			return r.WriteText(w, o)
		},
	}

	// JSON is [Report.WriteJSON].
	JSON = Output{
		Name: "json",
		Doc:  "Sonde's own document, see docs/json.md",
		Text: true,
		Write: func(w io.Writer, r *Report, _ Options) error {
			return r.WriteJSON(w)
		},
	}

	// OSProfiler is [Report.WriteOSProfiler].
	OSProfiler = Output{
		Name: "osprofiler",
		Doc:  `what "osprofiler trace show --json" prints`,
		Text: true,
		Write: func(w io.Writer, r *Report, _ Options) error {
			return r.WriteOSProfiler(w)
		},
	}
)

// Outputs are the forms of this package, the default of the command first.
func Outputs() []Output { return []Output{Text, JSON, OSProfiler} }
