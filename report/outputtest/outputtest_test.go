package outputtest

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTraces(t *testing.T) {
	var names []string
	for _, trace := range Traces(t) {
		names = append(names, trace.Name)
		if r := trace.Report(t); (r.Len() == 0) != (trace.Name == "nothing") {
			t.Errorf("%s has %d points", trace.Name, r.Len())
		}
	}
	const want = "clock-skew condensed deep exception hostile no-name nothing odd-time own-parent server shop sqlalchemy unfinished"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s", got)
	}
}

// TestCheckComplains: each form has one fault, and is found to have it.
func TestCheckComplains(t *testing.T) {
	var calls, others atomic.Int32
	var once sync.Once
	each := func(w io.Writer, r *report.Report, format string, value func(p *report.Point) string) error {
		for p := range r.Walk() {
			if _, err := fmt.Fprintf(w, format, value(p)); err != nil {
				return err
			}
		}
		return nil
	}
	name := func(p *report.Point) string { return p.Name }
	quoted := func(p *report.Point) string { return fmt.Sprintf("%+q", p.Name) }
	for want, form := range map[string]report.Output{
		"": {Text: true, Write: func(w io.Writer, r *report.Report, _ report.Options) error { return each(w, r, "%s\n", quoted) }},
		"contains U+001B": {Text: true, Write: func(w io.Writer, r *report.Report, _ report.Options) error {
			return each(w, r, "%s\n", name)
		}},
		"contains the byte 0xff": {Text: true, Write: func(w io.Writer, r *report.Report, _ report.Options) error {
			return each(w, r, "%s\xff\n", quoted)
		}},
		"the second time": {Write: func(w io.Writer, r *report.Report, _ report.Options) error {
			_, err := fmt.Fprintln(w, calls.Add(1))
			return err
		}},
		"when several write at once": {Write: func(w io.Writer, r *report.Report, _ report.Options) error {
			n := others.Add(1)
			if n <= 3 || n > 7 { // the others are those at once
				n = 0
			}
			_, err := fmt.Fprintln(w, n)
			return err
		}},
		"does not return the error of its writer, which came after 0": {Write: func(w io.Writer, r *report.Report, _ report.Options) error {
			_ = each(w, r, "%s\n", name)
			return nil
		}},
		"Write changes the report": {Write: func(w io.Writer, r *report.Report, _ report.Options) error {
			_, err := fmt.Fprintln(w, r.Trace)
			once.Do(func() { r.Stats = nil })
			return err
		}},
		"Write fails: no colours": {Text: true, Write: func(w io.Writer, r *report.Report, o report.Options) error {
			if o.Color {
				return fmt.Errorf("no colours")
			}
			return each(w, r, "%s\n", quoted)
		}},
	} {
		t.Run(want, func(t *testing.T) {
			found := hostileProblems(t, form)
			if want == "" && found != "" || !strings.Contains(found, want) {
				t.Errorf("found: %s", found)
			}
		})
	}
}

func hostileProblems(t *testing.T, form report.Output) string {
	t.Helper()
	for _, trace := range Traces(t) {
		if trace.Name == "hostile" {
			_, problems := check(form, func() *report.Report { return trace.Report(t) })
			return strings.Join(problems, "; ")
		}
	}
	t.Fatal("no hostile trace")
	return ""
}

func TestDescribes(t *testing.T) {
	fine := report.OSProfiler
	if problem := describes(fine); problem != "" {
		t.Error(problem)
	}
	for name, change := range map[string]func(*report.Output){
		"name":    func(o *report.Output) { o.Name = "Two Words" },
		"no name": func(o *report.Output) { o.Name = "" },
		"doc":     func(o *report.Output) { o.Doc = "a\nb" },
		"write":   func(o *report.Output) { o.Write = nil },
	} {
		form := fine
		if change(&form); describes(form) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
}
