package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/dot"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/text"
)

type showCmd struct {
	StoreFlags
	formFlags
	Point     string `help:"Show one point whole: its attributes, SQL and logs. ID is the point's, or the beginning of it. As text, or with --format json." xor:"point" placeholder:"ID"`
	Live      bool   `help:"Show the trace while it runs: read it again each second until its root has ended, or Ctrl-C."`
	RenderDot string `name:"render-dot" help:"Draw the graph of --dot with Graphviz into FILE, if that ends in .pdf, .svg or .png, or else into FILE.pdf." placeholder:"FILE" type:"path"`
	LocalLibs bool   `name:"local-libs" help:"Not needed any more, and only accepted: the page of --html asks for nothing."`
	Trace     string `arg:"" help:"Id of the trace (OSProfiler's base id), the beginning of it, or last for the newest; or a file (- for standard input) with records, one JSON object a line or a JSON array, or with a report in JSON." placeholder:"ID|FILE"`
}

// formFlags say how a report is written, and when what it says is a failure.
type formFlags struct {
	judgeFlags
	Format *string `help:"How to write it: ${formatdocs}; text if not given." enum:"${formats}" xor:"form" placeholder:"NAME"`
	JSON   bool    `name:"json" help:"Write JSON as \"osprofiler trace show --json\" does: --format osprofiler." xor:"form"`
	HTML   bool    `name:"html" help:"Write a page for a browser: --format html." xor:"form"`
	Dot    bool    `help:"Write a graph for Graphviz: --format dot." xor:"form"`
	printFlags
}

// printFlags say how much of it is printed, and where.
type printFlags struct {
	All bool   `help:"Write all rows, however many."`
	Out string `help:"Write to a file." placeholder:"FILE" type:"path"`

	NoPager bool `help:"Do not show text that is longer than the screen with $$SONDE_PAGER, $$PAGER or less."`
}

// format is the name of the form that was asked for.
func (f *formFlags) format() string {
	switch {
	case f.JSON:
		return report.OSProfiler.Name
	case f.HTML:
		return html.Output.Name
	case f.Dot:
		return dot.Output.Name
	case f.Format != nil:
		return *f.Format
	}
	return text.Output.Name
}

func (*showCmd) Help() string {
	return `What is wrong is said first, then what ran when. Points that do the same are one row, and so are
whole subtrees of them; beyond 200 rows the rest is counted, but never what failed or proves a
finding. From 120 columns on each row begins with the beginning of its point's id (--point).

Examples:

  sonde trace show 4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11
  sonde trace show last
  sonde trace show ID --live
  sonde trace show ID --point 7c9e6679
  sonde trace show ID --point 7c9e6679 --format json | jq .point
  sonde trace show ID --html --out trace.html
  sonde trace show ID --json --out trace.json
  sonde trace show ID --dot --render-dot trace.svg
  sonde trace show ID --format perfetto --out trace.pftrace
  sonde trace show ID --format pprof --out trace.pprof; go tool pprof -http : trace.pprof
  sonde trace show ID --format json | jq '.points[] | select(.failed) | .label'
  sonde trace show trace.json
  sonde trace show ID --format markdown | gh issue create --title slow --body-file -
  sonde trace show ID --format sarif --out sonde.sarif --accept .sonde-accept --fail-on failure,repeated
  sonde trace show ID --connection-string redis://localhost:6379/0`
}

// mostRows is how many rows of a waterfall are shown without --all.
const mostRows = 200

// Validate refuses flags that mean nothing together.
func (c *showCmd) Validate() error {
	if c.Point == "" {
		return nil
	}
	if c.RenderDot != "" {
		return errors.New("--point and --render-dot can't be used together")
	}
	if form := c.format(); form != text.Output.Name && form != document.Output.Name {
		return fmt.Errorf("--point and the form %s can't be used together: one point is written as text, or with --format json", form)
	}
	return nil
}

func (c *showCmd) Run(ctx context.Context, s streams, forms outputs) error {
	if c.LocalLibs {
		fmt.Fprintln(s.err, "sonde: --local-libs is not needed any more: the page of --html asks for nothing")
	}
	if _, err := forms.chosen(c.format(), c.Out, s); err != nil {
		return err
	}
	if c.Live {
		return c.follow(ctx, s, forms)
	}
	r, now, err := c.read(ctx, s)
	if err != nil {
		return err
	}
	return c.show(ctx, r, now, s, forms)
}

// show writes a report, or the point that was asked for, and draws its graph. Who asks
// for the drawing only gets that.
func (c *showCmd) show(ctx context.Context, r *report.Report, now time.Time, s streams, forms outputs) error {
	if c.RenderDot != "" {
		if err := renderDot(ctx, r, c.RenderDot); err != nil {
			return err
		}
		if c.Format == nil && c.format() == text.Output.Name {
			return c.judge(r, now, s)
		}
	}
	if c.Point == "" {
		return c.write(r, now, s, forms)
	}
	point, isText := text.WritePoint, true
	if c.format() == document.Output.Name {
		point, isText = document.WritePoint, false
	}
	return c.print(s, now, isText, func(w io.Writer, o report.Options) error { return point(w, r, c.Point, c.accepted(o)) })
}

// read reads the trace. Now is when it did, if the trace may still be running: one
// in a file is not.
func (c *showCmd) read(ctx context.Context, s streams) (r *report.Report, now time.Time, err error) {
	if r, err = readNamed(s, c.Trace); r != nil || err != nil {
		return r, now, err
	}
	err = c.with(ctx, func(d *drivers.Store) (err error) {
		if c.Trace, err = traces.Resolve(ctx, d, c.Trace); err != nil {
			return err
		}
		r, err = report.Build(counted(s.err, "record", d.Records(ctx, c.Trace)))
		return err
	})
	switch {
	case err != nil:
		return nil, now, err
	case r.Len() == 0:
		return nil, now, c.notFound(c.Trace, r)
	}
	return r, traces.AsOf(r), nil
}

// readNamed reads a file or standard input. The report is nil if name is that of
// neither, but an id.
func readNamed(s streams, name string) (*report.Report, error) {
	if name == "-" {
		return readFile("standard input", func() ([]byte, error) { return io.ReadAll(s.in) })
	}
	if traces.IsUUID(name) { // that is never taken for a file
		return nil, nil
	}
	_, err := os.Stat(name)
	if err == nil {
		return readFile(name, func() ([]byte, error) { return os.ReadFile(name) })
	}
	if _, bad := header.ParseID(name); bad != nil {
		return nil, fmt.Errorf("%q is neither a trace id nor a file that can be read: %w", name, err)
	}
	return nil, nil
}

// notFound is why there is nothing of a trace in the store.
func (f *StoreFlags) notFound(trace string, r *report.Report) error {
	if len(r.Warnings) > 0 {
		w := r.Warnings[0]
		return fmt.Errorf("trace %s in %s has no record that can be read: %s: %s", trace, f.name(), w.Problem, w.Example)
	}
	if !traces.IsUUID(trace) {
		return fmt.Errorf("trace %s not found in %s, and there is no file of that name", trace, f.name())
	}
	return fmt.Errorf("trace %s not found in %s: check the id, and that the HMAC key that signed the request is one of the services' (sonde headers verify)", trace, f.name())
}

func readFile(name string, read func() ([]byte, error)) (*report.Report, error) {
	data, err := read()
	if err != nil {
		return nil, err
	}
	r, err := report.Read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// write writes a report in the form that was asked for, and judges it. Now is when it
// was read, if it may still be running.
func (f *formFlags) write(r *report.Report, now time.Time, s streams, forms outputs) error {
	form, err := forms.chosen(f.format(), f.Out, s)
	if err != nil {
		return err
	}
	if err := f.print(s, now, form.Text, func(w io.Writer, o report.Options) error { return form.Write(w, r, f.accepted(o)) }); err != nil {
		return err
	}
	return f.judge(r, now, s)
}

// print writes to a file, or to standard output where the last line of what is
// text is ended and what is longer than the screen goes through a pager.
func (f *printFlags) print(s streams, now time.Time, isText bool, write func(io.Writer, report.Options) error) error {
	if f.Out != "" {
		file, err := os.Create(f.Out)
		if err != nil {
			return err
		}
		return errors.Join(write(file, f.options(file, now)), file.Close())
	}
	o := f.options(s.out, now)
	if _, _, terminal := screen(s.out); terminal && isText && !f.NoPager {
		var all bytes.Buffer
		if err := write(&all, o); err != nil {
			return err
		}
		return page(s, endLine(all.Bytes()))
	}
	w := lastByte{Writer: s.out, last: '\n'}
	if err := write(&w, o); err != nil || !isText || w.last == '\n' {
		return err
	}
	_, err := io.WriteString(s.out, "\n")
	return err
}

// endLine ends the last line of text, if it has any.
func endLine(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return text
}

// lastByte knows the last byte that was written.
type lastByte struct {
	io.Writer
	last byte
}

func (w *lastByte) Write(b []byte) (int, error) {
	if len(b) > 0 {
		w.last = b[len(b)-1]
	}
	return w.Writer.Write(b)
}

// options fits a report to the flags, and to the terminal if w is one.
func (f *printFlags) options(w io.Writer, now time.Time) (o report.Options) {
	o.Now = now
	if !f.All {
		o.MaxRows, o.More = mostRows, "--all shows them"
	}
	o.Width = width(w)
	if _, _, ok := screen(w); ok {
		o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return o
}
