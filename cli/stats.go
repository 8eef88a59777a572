package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/text"
)

type statsCmd struct {
	selectFlags
	Format string `help:"How to write it: text, json (see docs/json.md), or html, a page for a browser." enum:"text,json,html" default:"text" placeholder:"NAME"`
	printFlags
	Traces []string `arg:"" optional:"" help:"Which traces, if not those that are selected: ${group}." placeholder:"TRACE"`
}

func (*statsCmd) Help() string {
	return `Traces of a kind have the same root, such as "GET /cart"; of several kinds the one with the most
traces is explained, and the others are named (--name chooses). The point that explains the
variance of their times comes first, the slowest tenth beside the fastest half, with attributes
that only one of them has; then how often and how long points of each path run. See docs/diff.md.

Examples:

  sonde trace stats --name 'GET /cart' --since 1h
  sonde trace stats --service cart --limit 0
  sonde trace stats --since 2026-01-02T15:00 --before 2026-01-02T16:00 --format json
  sonde trace stats @ids.txt`
}

// Validate refuses flags that mean nothing together.
func (c *statsCmd) Validate() error {
	if len(c.Traces) > 0 && c.given() {
		return errors.New("traces that are named are taken as they are: --service, --name, --since and --before select others")
	}
	return nil
}

func (c *statsCmd) Run(ctx context.Context, s streams) error {
	var p *profile.Profile
	err := c.gather(s, func(g *gatherer) (err error) {
		if len(c.Traces) > 0 {
			p, err = g.named(ctx, c.Traces...)
		} else {
			_, p, err = g.selected(ctx, time.Time{})
		}
		if err == nil {
			err = some(p, "is selected")
		}
		return err
	})
	if err != nil {
		return err
	}
	e := p.Explain(p.Kinds()[0])
	return c.print(s, time.Time{}, c.Format != html.Output.Name, func(w io.Writer, o report.Options) error {
		switch c.Format {
		case document.Output.Name:
			return document.WriteProfile(w, p, e)
		case html.Output.Name:
			return html.WriteProfile(w, p, e)
		}
		return text.WriteProfile(w, p, e, o)
	})
}
