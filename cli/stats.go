package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/stacks"
)

type statsCmd struct {
	selectFlags
	Format string `help:"How to write it: text, json (see docs/json.md), html, a page for a browser, csv (a line for each path), or all traces as one profile: pprof (for go tool pprof) or folded (for flamegraph.pl)." enum:"${groupformats}" default:"text" placeholder:"NAME"`
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
  sonde trace stats --name 'GET /cart' --since 1h --format pprof --out now.pprof
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
	form := groupFormNamed(c.Format)
	if err := refuseBinary(form.Output, c.Out, s); err != nil {
		return err
	}
	var all many
	if form.stacks {
		all.stacks = stacks.New()
	}
	err := c.gather(s, func(g *gatherer) (err error) {
		g.stacks = all.stacks
		if len(c.Traces) > 0 {
			all.Profile, err = g.named(ctx, c.Traces...)
		} else {
			_, all.Profile, err = g.selected(ctx, time.Time{})
		}
		if err == nil {
			err = some(all.Profile, "is selected")
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.print(s, time.Time{}, form.Text, func(w io.Writer, o report.Options) error { return form.write(w, all, o) })
}
