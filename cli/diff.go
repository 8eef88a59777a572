package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/text"
)

type diffCmd struct {
	selectFlags
	Split  sinceFlag       `help:"Compare the traces that are selected and began before this time with those that began later." placeholder:"TIME"`
	FailIf []conditionFlag `help:"Exit with 1 if this is true, such as total>+20%, count(db)>10 or new(db); may be repeated." sep:"none" placeholder:"CONDITION"`
	Format string          `help:"How to write it: text, json (see docs/json.md), or html, a page for a browser." enum:"text,json,html" default:"text" placeholder:"NAME"`
	printFlags
	A string `arg:"" optional:"" help:"What was before: ${group}." placeholder:"A"`
	B string `arg:"" optional:"" help:"What is compared with it." placeholder:"B"`
}

func (*diffCmd) Help() string {
	return `Points are compared by their path: what they and all points above them did, without ids and
literals. What is new, gone, more or fewer comes first, then what takes longer or less long.
Figures are those of one trace, in the mean.

With A and B these are compared; with A alone, it is with the traces that --service, --name, --since
and --before select; without both, the traces that are selected are divided by --split.

A condition (--fail-if) is a measure, of all points or of some, and a bound: total, self, critical,
p50, p95, max (times), count, new or gone (paths); (NAME) of a point, layer, kind or service, or
("TEXT") in what points did; and a bound of the figure after, or with a sign of the difference.
See docs/diff.md.

Examples:

  sonde trace diff ID1 ID2
  sonde trace diff before.json after.json --fail-if 'count(db)>+0' --fail-if 'total>+20%'
  sonde trace diff @baseline.txt --name 'GET /cart' --since 1h
  sonde trace diff --name 'GET /cart' --since 2h --split 30m --fail-if 'p95>+10%'
  sonde trace diff ID1 ID2 --fail-if 'new(db)' --fail-if 'count("FROM stock")>3'`
}

// conditionFlag is a diff.Condition.
type conditionFlag struct{ diff.Condition }

func (f *conditionFlag) UnmarshalText(text []byte) (err error) {
	f.Condition, err = diff.ParseCondition(string(text))
	return err
}

// Validate refuses flags that mean nothing together.
func (c *diffCmd) Validate() error {
	switch {
	case c.B != "" && (c.given() || !c.Split.IsZero()):
		return errors.New("A and B are compared as they are: --service, --name, --since, --before and --split select others")
	case c.A != "" && !c.Split.IsZero():
		return errors.New("--split divides the traces that are selected: give no A")
	case c.A != "" && c.B == "" && !c.given():
		return errors.New("A is compared with nothing: give B, or select traces with --service, --name, --since or --before")
	case c.A == "" && c.Split.IsZero():
		return errors.New("give A and B, or --split to divide the traces that are selected")
	}
	return nil
}

func (c *diffCmd) Run(ctx context.Context, s streams) error {
	var before, after *profile.Profile
	err := c.gather(s, func(g *gatherer) (err error) {
		before, after, err = c.groups(ctx, g)
		return err
	})
	if err != nil {
		return err
	}
	d := diff.Of(before, after)
	var failed []document.Failed
	for _, f := range c.FailIf {
		if text, met := f.Check(d); met {
			failed = append(failed, document.Failed{Condition: f.Condition, Text: text})
		}
	}
	err = c.print(s, time.Time{}, c.Format != html.Output.Name, func(w io.Writer, o report.Options) error {
		switch c.Format {
		case document.Output.Name:
			return document.WriteDiff(w, d, failed)
		case html.Output.Name:
			return html.WriteDiff(w, d, failed)
		}
		return text.WriteDiff(w, d, o)
	})
	if err != nil || len(failed) == 0 {
		return err
	}
	for _, f := range failed {
		fmt.Fprintf(s.err, "sonde: failed: %s\n", terminal.Clean(f.Text))
	}
	return errSaid
}

// groups reads what is compared.
func (c *diffCmd) groups(ctx context.Context, g *gatherer) (before, after *profile.Profile, err error) {
	if c.A == "" {
		if before, after, err = g.selected(ctx, c.Split.Time); err != nil {
			return nil, nil, err
		}
		if err := some(before, "that is selected began before --split"); err != nil {
			return nil, nil, err
		}
		return before, after, some(after, "that is selected began after --split")
	}
	if before, err = g.named(ctx, c.A); err != nil {
		return nil, nil, err
	}
	if c.B != "" {
		after, err = g.named(ctx, c.B)
	} else if _, after, err = g.selected(ctx, time.Time{}); err == nil {
		err = some(after, "is selected")
	}
	return before, after, err
}
