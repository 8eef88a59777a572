package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report/document"
)

type listCmd struct {
	storeFlags
	Limit       uint          `help:"At most so many; ${default}, 0 for all." default:"20" placeholder:"N"`
	Since       sinceFlag     `help:"Only those that began in the last 90m, 12h or 7d, or at a UTC time or after it." placeholder:"TIME"`
	Before      string        `name:"page-before" help:"Only those that began before this place, which an earlier list has told: the next page." placeholder:"PLACE"`
	After       string        `name:"page-after" help:"Only those that began after this place, the nearest of them: the page before." placeholder:"PLACE"`
	Service     string        `help:"Only those in which this service took part." placeholder:"NAME"`
	ErrorTrace  bool          `help:"Only those that failed. In Redis, MongoDB and Elasticsearch the traces are read, the newest first, until there are as many."`
	MinDuration time.Duration `help:"Of the traces that the other flags choose, only those that took as long, such as 500ms." placeholder:"DURATION"`
	Sort        string        `help:"Order of the traces that the other flags choose: began (the newest first), duration (the longest first) or points (the most first); ${default}." enum:"began,duration,points" default:"began" placeholder:"NAME"`
	Format      *string       `help:"How to print them: text (a table), json (Sonde's own document, see docs/json.md); text if not given." enum:"text,json" xor:"form" placeholder:"NAME"`
	JSON        bool          `name:"json" help:"Print a JSON array with OSProfiler's names." xor:"form"`
}

func (*listCmd) Help() string {
	return `The table tells of each trace what its root was, how that ended (✗: something in the trace
failed), how long the root took (+: it has not ended), how many points there are and which
services took part. Each trace that is shown is read for that. On a terminal ids are cut to
what tells them apart: any command that takes an id takes the beginning of one, and "last" is
the newest trace.

Examples:

  sonde trace list
  sonde trace list --since 1h --service cart
  sonde trace list --since 1h --limit 0 --sort duration --min-duration 500ms
  sonde trace list --limit 50 --page-before PLACE
  sonde trace list --error-trace --connection-string redis://localhost:6379/0
  sonde trace list --json --limit 0 | jq -r '.[].base_id'`
}

// orders are what --sort knows besides the order of the store: how two traces
// compare.
var orders = map[string]func(a, b digest) int{
	"duration": func(a, b digest) int { return cmp.Compare(b.duration, a.duration) },
	"points":   func(a, b digest) int { return cmp.Compare(b.points, a.points) },
}

func (c *listCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(d *drivers.Store) error {
		l := list{listCmd: c, d: d, progress: s.err}
		asJSON := c.Format != nil && *c.Format == document.Output.Name
		if (c.JSON || asJSON) && !c.rearranges() {
			l.progress = io.Discard // lines are written meanwhile
		}
		traces := l.chosen(ctx)
		var n int
		var err error
		switch {
		case c.JSON:
			n, err = writeArray(s.out, traces, "[", "  ", appendUpstream)
		case asJSON:
			head := fmt.Sprintf("{\n  \"version\": %d,\n  \"traces\": [", document.Version)
			if n, err = writeArray(s.out, traces, head, "    ", appendListed); err == nil {
				_, err = io.WriteString(s.out, "}\n")
			}
		default:
			n, err = writeTable(s.out, traces, width(s.out))
		}
		if err != nil {
			return err
		}
		l.sayOver(s.err, n)
		if n == 0 {
			fmt.Fprintf(s.err, "sonde: no %straces in %s\n", c.such(), c.name())
		} else if !c.JSON && !asJSON {
			l.sayPages(s.err)
		}
		if l.unseen != "" {
			fmt.Fprintf(s.err, "sonde: %s were not looked at for traces; --limit 0 looks at all\n", l.unseen)
		}
		return nil
	})
}

// rearranges says whether all traces are needed before the first can be shown.
func (c *listCmd) rearranges() bool { return c.MinDuration > 0 || orders[c.Sort] != nil }

// such is "such " if the flags choose among the traces of the store.
func (c *listCmd) such() string {
	if c.Before != "" || c.After != "" || c.ErrorTrace || c.Service != "" || !c.Since.IsZero() || c.MinDuration > 0 {
		return "such "
	}
	return ""
}
