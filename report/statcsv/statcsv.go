// Package statcsv writes the statistics of one trace or of many as comma-separated
// values, for spreadsheets and data frames: https://www.rfc-editor.org/rfc/rfc4180.
package statcsv

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "csv",
	Doc:   "statistics as comma-separated values, a line for what points did where",
	Text:  true,
	Write: Write,
}

// Write writes the statistics of one trace. It returns the first error of w.
//
// No option means anything to it.
func Write(w io.Writer, r *report.Report, _ report.Options) error {
	p := profile.New()
	p.Add(r)
	return WriteProfile(w, p)
}

// columns are the names of the columns. Times are microseconds.
var columns = []string{
	"row", "below_row", "depth", "service", "name", "kind", "what",
	"traces", "points", "total_us", "self_us", "critical_us", "p50_us", "p95_us", "max_us",
}

// WriteProfile writes a line for each path: what points did and below what. The row
// below which a path stands comes before it. Texts that a spreadsheet would take for a
// formula begin with an apostrophe. It returns the first error of w.
func WriteProfile(w io.Writer, p *profile.Profile) error {
	table := csv.NewWriter(w) // keeps its first error
	_ = table.Write(columns)
	rows := map[*profile.Path]int{}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	micros := func(d time.Duration) string { return number(d.Microseconds()) }
	for path := range p.All() {
		rows[path] = len(rows) + 1
		below := ""
		if path.Above != nil {
			below = number(int64(rows[path.Above]))
		}
		what := path.What
		if path.Other {
			what = path.Title
		}
		_ = table.Write([]string{
			number(int64(rows[path])), below, number(int64(path.Depth)),
			cell(path.Service), cell(path.Name), path.Kind.String(), cell(what),
			number(int64(path.Traces)), number(int64(path.Count)), micros(path.Total), micros(path.Self), micros(path.Critical),
			micros(path.Quantile(0.5)), micros(path.Quantile(0.95)), micros(path.Max),
		})
	}
	table.Flush()
	return table.Error()
}

// cell makes harmless what a record has stored: it steers no terminal, and a
// spreadsheet calculates nothing with it.
func cell(stored string) string {
	text := terminal.Clean(stored)
	if strings.IndexAny(text, "=+-@\t\r＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}
