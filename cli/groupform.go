package cli

import (
	"io"
	"strings"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/folded"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/pprof"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/stacks"
	"github.com/sonde-go/sonde/report/statcsv"
	"github.com/sonde-go/sonde/report/text"
)

// many is what is known of many traces that are written together.
type many struct {
	*profile.Profile
	stacks *stacks.Stacks // of forms that want them
}

// groupForm is a form in which many traces are written as one. What the table says
// of the form itself is as for one trace.
type groupForm struct {
	report.Output
	stacks bool // it needs them
	write  func(io.Writer, many, report.Options) error
}

var groupForms = []groupForm{
	{Output: text.Output, write: func(w io.Writer, t many, o report.Options) error {
		return text.WriteProfile(w, t.Profile, t.Explain(t.Kinds()[0]), o)
	}},
	{Output: document.Output, write: func(w io.Writer, t many, _ report.Options) error {
		return document.WriteProfile(w, t.Profile, t.Explain(t.Kinds()[0]))
	}},
	{Output: html.Output, write: func(w io.Writer, t many, _ report.Options) error {
		return html.WriteProfile(w, t.Profile, t.Explain(t.Kinds()[0]))
	}},
	{Output: statcsv.Output, write: func(w io.Writer, t many, _ report.Options) error {
		return statcsv.WriteProfile(w, t.Profile)
	}},
	{Output: pprof.Output, stacks: true, write: func(w io.Writer, t many, _ report.Options) error {
		return pprof.WriteStacks(w, t.stacks)
	}},
	{Output: folded.Output, stacks: true, write: func(w io.Writer, t many, _ report.Options) error {
		return folded.WriteStacks(w, t.stacks)
	}},
}

func groupFormNamed(name string) (form groupForm) {
	for _, f := range groupForms {
		if f.Name == name {
			return f
		}
	}
	return form
}

// groupFormNames are those of all, as kong wants them.
func groupFormNames() string {
	names := make([]string, len(groupForms))
	for i, f := range groupForms {
		names[i] = f.Name
	}
	return strings.Join(names, ",")
}
