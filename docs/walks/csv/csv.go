// Package csv writes reports as comma-separated values.
package csv

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/sonde-go/sonde/report"
)

// Output is the form, which a command gets with cli.WithOutput.
var Output = report.Output{Name: "points", Doc: "comma-separated values, a line for each point", Text: true, Write: write}

func write(w io.Writer, r *report.Report, _ report.Options) error {
	table := csv.NewWriter(w) // keeps its first error
	table.Write([]string{"depth", "name", "kind", "label", "service", "start_us", "duration_us", "error"})
	for p := range r.Walk() {
		etype, _, _ := r.Failure(p)
		table.Write([]string{
			strconv.Itoa(int(p.Depth)), cell(p.Name), r.Kind(p).String(), cell(r.Detail(p)), cell(p.Service),
			strconv.FormatInt(p.Start().Microseconds(), 10), strconv.FormatInt(p.Duration().Microseconds(), 10), cell(etype),
		})
	}
	table.Flush()
	return table.Error()
}

// cell makes harmless what a record has stored, which anybody may have written:
// nothing steers a terminal, and nothing is a formula to a spreadsheet.
func cell(stored string) string {
	text := strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, stored)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}
