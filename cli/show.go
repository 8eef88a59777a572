package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/progress"
	"github.com/sonde-go/sonde/report"
)

type showCmd struct {
	storeFlags
	formFlags
	Trace string `arg:"" help:"Base id of the trace, or a file (- for standard input) with records, one JSON object a line or a JSON array, or with a report in JSON." placeholder:"ID|FILE"`
}

// formFlags say how a report is written.
type formFlags struct {
	Format *string `help:"How to write it: ${formatdocs}; text if not given." enum:"${formats}" xor:"form" placeholder:"NAME"`
	JSON   bool    `name:"json" help:"Write JSON as \"osprofiler trace show --json\" does: --format osprofiler." xor:"form"`
	All    bool    `help:"Write all points, however many."`
	Out    string  `help:"Write to a file." placeholder:"FILE" type:"path"`
}

// format is the name of the form that was asked for.
func (f *formFlags) format() string {
	switch {
	case f.JSON:
		return report.OSProfiler.Name
	case f.Format != nil:
		return *f.Format
	}
	return report.Text.Name
}

func (*showCmd) Help() string {
	return `What failed and what took the most time of its own is shown first and always; beyond 200
rows the rest is counted. A trace point without a stop is still running, or its program died.

Examples:

  sonde trace show 4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11
  sonde trace show ID --json --out trace.json
  sonde trace show ID --format json | jq '.points[] | select(.failed) | .label'
  sonde trace show trace.json
  sonde trace show ID --connection-string redis://localhost:6379/0`
}

// mostRows is how many rows of a waterfall are shown without --all.
const mostRows = 200

func (c *showCmd) Run(ctx context.Context, s streams, forms outputs) error {
	r, err := c.read(ctx, s)
	if err != nil {
		return err
	}
	return c.write(r, s, forms)
}

func (c *showCmd) read(ctx context.Context, s streams) (*report.Report, error) {
	if c.Trace == "-" {
		return readFile("standard input", func() ([]byte, error) { return io.ReadAll(s.in) })
	}
	if !isUUID(c.Trace) {
		_, err := os.Stat(c.Trace)
		if err == nil {
			return readFile(c.Trace, func() ([]byte, error) { return os.ReadFile(c.Trace) })
		}
		if _, bad := header.ParseID(c.Trace); bad != nil {
			return nil, fmt.Errorf("%q is neither a trace id nor a file that can be read: %w", c.Trace, err)
		}
	}
	var r *report.Report
	err := c.with(ctx, func(d *drivers.Store) (err error) {
		r, err = report.Build(progress.Count(s.err, "record", d.Records(ctx, c.Trace)))
		return err
	})
	if err == nil && len(r.Points) == 0 {
		err = c.notFound(r)
	}
	return r, err
}

// isUUID reports whether s is a UUID as trace ids are written: that is never
// taken for a file.
func isUUID(s string) bool {
	id, err := header.ParseID(s)
	_, uuid := id.UUID()
	return err == nil && uuid
}

func (c *showCmd) notFound(r *report.Report) error {
	if len(r.Warnings) > 0 {
		w := r.Warnings[0]
		return fmt.Errorf("trace %s in %s has no record that can be read: %s: %s", c.Trace, c.name(), w.Problem, w.Example)
	}
	if !isUUID(c.Trace) {
		return fmt.Errorf("trace %s not found in %s, and there is no file of that name", c.Trace, c.name())
	}
	return fmt.Errorf("trace %s not found in %s: check the id, and that the HMAC key that signed the request is one of the services' (sonde headers verify)", c.Trace, c.name())
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

// write writes a report to a file, or to standard output where the last line of
// what is text is ended.
func (f *formFlags) write(r *report.Report, s streams, forms outputs) error {
	form := forms.named(f.format())
	if f.Out == "" {
		w := lastByte{Writer: s.out, last: '\n'}
		if err := form.Write(&w, r, f.options(s.out)); err != nil || !form.Text || w.last == '\n' {
			return err
		}
		_, err := io.WriteString(s.out, "\n")
		return err
	}
	file, err := os.Create(f.Out)
	if err != nil {
		return err
	}
	return errors.Join(form.Write(file, r, f.options(file)), file.Close())
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
func (f *formFlags) options(w io.Writer) (o report.Options) {
	if !f.All {
		o.MaxRows, o.More = mostRows, "--all or --json shows them"
	}
	o.Width, _ = strconv.Atoi(os.Getenv("COLUMNS"))
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			o.Width = width
		}
	}
	return o
}
