// Package html writes reports as a page for a browser: one file that needs no
// network and no server, and from which nothing in a trace can reach anything.
//
// The page is made of [Script] and [Style], which are built from the TypeScript in
// src, and of a document of package report/document, which the script shows.
package html

import (
	_ "embed"
	"io"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/profile"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "html",
	Doc:   "one file to look at in a browser, which needs no network",
	Write: Write,
}

// Write writes the page of a trace. Of the options Now and Accepted are used. It
// returns the first error of w.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	return standalone(w, title(r), func(w io.Writer) error { return document.Write(w, r, o) })
}

// WriteDiff writes the page of the difference between two groups of traces, and of
// the conditions that it failed.
func WriteDiff(w io.Writer, d *diff.Diff, failed []document.Failed) error {
	return standalone(w, "What differs", func(w io.Writer) error { return document.WriteDiff(w, d, failed) })
}

// WriteProfile writes the page of what many traces of a kind say together.
func WriteProfile(w io.Writer, p *profile.Profile, e profile.Explanation) error {
	return standalone(w, "Many traces", func(w io.Writer) error { return document.WriteProfile(w, p, e) })
}

func title(r *report.Report) string {
	if r.Trace == "" {
		return "Trace"
	}
	return "Trace " + r.Trace
}

//go:embed page.js
var script []byte

//go:embed page.css
var style []byte

// Script is the script of the page, for programs that serve it. It must not be
// changed.
func Script() []byte { return script }

// Style is the page's style sheet, which must not be changed.
func Style() []byte { return style }
