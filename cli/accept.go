package cli

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// judgeFlags say which findings are accepted, and which of the others fail the
// command.
type judgeFlags struct {
	Accept acceptFile `help:"Say only the number of the findings that FILE accepts. A line of it is a finding's signature, who, the day, the last day or -, and why; see docs/findings.md." placeholder:"FILE"`
	FailOn []string   `help:"Exit with 1 if there is a finding of one of these kinds, or any, that --accept does not accept: ${kinds}. What could not be judged is said on standard error." enum:"any,${kinds}" placeholder:"KIND" xor:"point"`
}

// failAny stands for all kinds.
const failAny = "any"

// kindNames are the kinds of findings, as kong wants them.
func kindNames() string {
	var names []string
	for _, k := range findings.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// acceptFile is a file of acceptances, which is read with the command line.
type acceptFile struct {
	name string
	list []findings.Acceptance
}

// UnmarshalText is called by kong.
func (f *acceptFile) UnmarshalText(text []byte) error {
	f.name = string(text)
	file, err := os.Open(f.name)
	if err != nil {
		return err
	}
	defer file.Close()
	if f.list, err = findings.ReadAcceptances(file); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// accepting are the acceptances that hold, nil if no file was given.
func (f *acceptFile) accepting() map[string]string {
	if f.name == "" {
		return nil
	}
	return findings.Accepting(f.list, time.Now())
}

// accepted are the options of a form with what is accepted.
func (f *judgeFlags) accepted(o report.Options) report.Options {
	o.Accepted = f.Accept.accepting()
	return o
}

// judge says on standard error what of the acceptances is of no use, what could not
// be judged, and which findings fail the command. Now is as for a form.
func (f *judgeFlags) judge(r *report.Report, now time.Time, s streams) error {
	if f.Accept.name == "" && len(f.FailOn) == 0 {
		return nil
	}
	found := findings.Find(r, findings.For(f.accepted(report.Options{Now: now})))
	f.Accept.useless(found, s)
	if len(f.FailOn) == 0 {
		return nil
	}
	for _, b := range found.Blind {
		fmt.Fprintf(s.err, "sonde: not judged: %s\n", terminal.Clean(b))
	}
	failed := 0
	for _, k := range found.Standing() {
		if slices.Contains(f.FailOn, failAny) || slices.Contains(f.FailOn, string(k.Kind)) {
			failed++
			fmt.Fprintf(s.err, "sonde: %s: %s\n", findings.QuoteSignature(k.Signature), terminal.Clean(k.Text))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s (--fail-on %s)", figures.Counted(failed, "finding"), strings.Join(f.FailOn, ","))
	}
	return nil
}

// useless says which acceptances hold no more, and which fit nothing here.
func (f *acceptFile) useless(found *findings.Result, s streams) {
	var unused []string
	for _, a := range f.list {
		if a.Expired(time.Now()) {
			fmt.Fprintf(s.err, "sonde: %s, line %d: expired on %s: %s\n", terminal.Clean(f.name), a.Line, a.Until.Format(time.DateOnly), findings.QuoteSignature(a.Signature))
			continue
		}
		if !slices.ContainsFunc(found.Findings, func(k findings.Finding) bool { return k.Signature == a.Signature }) {
			unused = append(unused, strconv.Itoa(a.Line))
		}
	}
	if n := len(unused); n > 0 {
		const most = 10
		lines := strings.Join(unused[:min(n, most)], ", ")
		if n > most {
			lines += ", …"
		}
		fmt.Fprintf(s.err, "sonde: %s: %s of %d not found in this trace: line %s\n", terminal.Clean(f.name), figures.Grouped(n), len(f.list), lines)
	}
}
