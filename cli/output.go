package cli

import (
	"fmt"
	"strings"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/chrome"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/dot"
	"github.com/sonde-go/sonde/report/folded"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/markdown"
	"github.com/sonde-go/sonde/report/otlpjson"
	"github.com/sonde-go/sonde/report/perfetto"
	"github.com/sonde-go/sonde/report/pprof"
	"github.com/sonde-go/sonde/report/sarif"
	"github.com/sonde-go/sonde/report/speedscope"
	"github.com/sonde-go/sonde/report/statcsv"
	"github.com/sonde-go/sonde/report/text"
)

// WithOutput adds a form in which "trace show" and "run" write reports, chosen
// by its name (--format NAME). Main panics if the form has no Write, or a name
// that another has.
func WithOutput(form report.Output) Option {
	return func(p *parts) { p.outputs = append(p.outputs, form) }
}

// outputs are the forms that the command knows.
type outputs []report.Output

// builtIn are the forms of this module, the default first.
func builtIn() outputs {
	return outputs{
		text.Output, document.Output, report.OSProfiler, markdown.Output, sarif.Output, html.Output,
		perfetto.Output, chrome.Output, speedscope.Output, pprof.Output, folded.Output,
		dot.Output, otlpjson.Output, statcsv.Output,
	}
}

// check panics if a program has added forms that cannot be.
func (o outputs) check() {
	for i, form := range o {
		if form.Write == nil {
			panic(fmt.Sprintf("cli: the output %q has no Write", form.Name))
		}
		if o[:i].named(form.Name).Write != nil {
			panic(fmt.Sprintf("cli: there are two outputs %q", form.Name))
		}
	}
}

// named is the form of a name, the zero Output if there is none.
func (o outputs) named(name string) (form report.Output) {
	for _, form := range o {
		if form.Name == name {
			return form
		}
	}
	return form
}

// chosen is the form of a name, if this command has it and it can be written to where
// the output goes: what is not text is not for a terminal.
func (o outputs) chosen(name, out string, s streams) (report.Output, error) {
	form := o.named(name)
	if form.Write == nil {
		return form, fmt.Errorf("this command has no form %s", name)
	}
	return form, refuseBinary(form, out, s)
}

// refuseBinary is why a form is not written to the file out, or to standard output if
// that is "".
func refuseBinary(form report.Output, out string, s streams) error {
	if _, _, terminal := screen(s.out); terminal && !form.Text && out == "" {
		return fmt.Errorf("%s is not for a terminal: give --out FILE, or send it into a file or a pipe", form.Name)
	}
	return nil
}

// names are those of all forms, as kong wants them.
func (o outputs) names() string {
	names := make([]string, len(o))
	for i, form := range o {
		names[i] = form.Name
	}
	return strings.Join(names, ",")
}

// docs are the names with what they mean, for the help.
func (o outputs) docs() string {
	docs := make([]string, len(o))
	for i, form := range o {
		docs[i] = form.Name + " (" + form.Doc + ")"
	}
	return strings.Join(docs, ", ")
}
