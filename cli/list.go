package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report/document"
)

type listCmd struct {
	StoreFlags
	Limit       uint          `help:"At most so many; ${default}, 0 for all." default:"20" placeholder:"N"`
	Since       sinceFlag     `help:"Only those that began in the last 90m, 12h or 7d, or at a UTC time or after it." placeholder:"TIME"`
	Before      string        `name:"page-before" help:"Only those that began before this place, which an earlier list has told: the next page." placeholder:"PLACE"`
	After       string        `name:"page-after" help:"Only those that began after this place, the nearest of them: the page before." placeholder:"PLACE"`
	Service     string        `help:"Only those in which this service took part." placeholder:"NAME"`
	ErrorTrace  bool          `help:"Only those that failed. In Redis, MongoDB and Elasticsearch the traces are read, the newest first, until there are as many."`
	MinDuration time.Duration `help:"Of the traces that the other flags choose, only those that took as long, such as 500ms." placeholder:"DURATION"`
	Search      string        `help:"Of the traces that the other flags choose, only those with this text in their id, root, status or services." placeholder:"TEXT"`
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

func (c *listCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(d *drivers.Store) error {
		bar := newProgressBar(s.err, "trace")
		l := traces.List{Query: c.query(), Store: d, Plain: c.JSON}
		asJSON := c.Format != nil && *c.Format == document.Output.Name
		if !c.JSON && !asJSON || l.Rearranges() { // otherwise lines are written meanwhile
			l.Read = func(n int) { bar.set(n, 0) }
		}
		all := cleared(bar, l.All(ctx))
		var n int
		var err error
		switch {
		case c.JSON:
			n, err = traces.WriteUpstream(s.out, all)
		case asJSON:
			n, err = traces.Write(s.out, all)
		default:
			n, err = writeTable(s.out, all, width(s.out))
		}
		if err != nil {
			return err
		}
		sayOver(s.err, &l, n)
		if n == 0 {
			fmt.Fprintf(s.err, "sonde: no %straces in %s\n", c.such(), c.name())
		} else if !c.JSON && !asJSON {
			sayPages(s.err, &l)
		}
		if l.Unseen != "" {
			fmt.Fprintf(s.err, "sonde: %s were not looked at for traces; --limit 0 looks at all\n", l.Unseen)
		}
		return nil
	})
}

// query is what the flags ask for.
func (c *listCmd) query() traces.Query {
	return traces.Query{
		Query: drivers.Query{Limit: int(c.Limit), Since: c.Since.Time, Service: c.Service, ErrorsOnly: c.ErrorTrace,
			Before: drivers.Cursor(c.Before), After: drivers.Cursor(c.After)},
		MinDuration: c.MinDuration, Search: c.Search, Sort: c.Sort,
	}
}

// cleared removes the bar once all traces have come.
func cleared(bar *progressBar, all iter.Seq2[traces.Line, error]) iter.Seq2[traces.Line, error] {
	return func(yield func(traces.Line, error) bool) {
		defer bar.clear()
		all(yield)
	}
}

// such is "such " if the flags choose among the traces of the store.
func (c *listCmd) such() string {
	if c.Before != "" || c.After != "" || c.ErrorTrace || c.Service != "" || !c.Since.IsZero() || c.MinDuration > 0 || c.Search != "" {
		return "such "
	}
	return ""
}

// sayOver says among how many traces the order and what was looked for hold, and how
// many were read to find those that failed.
func sayOver(w io.Writer, l *traces.List, n int) {
	if l.Searched > 0 {
		fmt.Fprintf(w, "sonde: %d of %s failed; this store knows only what services have filed, so they were read\n", l.Page, plural(l.Searched, "trace"))
	}
	over := "all " + plural(l.Page, "trace")
	switch {
	case l.Page == 0 || !l.Rearranges():
		return
	case l.Before != "" || l.After != "":
		over = "the " + plural(l.Page, "trace") + " of this page"
	case l.Page == l.Limit:
		over = "the " + strconv.Itoa(l.Page) + " newest (--limit, --since)"
	}
	switch {
	case l.MinDuration > 0 && l.Search != "":
		fmt.Fprintf(w, "sonde: %d of %s took %v or longer and have that text\n", n, over, l.MinDuration)
	case l.MinDuration > 0:
		fmt.Fprintf(w, "sonde: %d of %s took %v or longer\n", n, over, l.MinDuration)
	case l.Search != "":
		fmt.Fprintf(w, "sonde: %d of %s have that text\n", n, over)
	default:
		fmt.Fprintf(w, "sonde: the order is that of %s\n", over)
	}
}

// sayPages says how to get to the pages beside this one, where there may be such.
func sayPages(w io.Writer, l *traces.List) {
	older, newer := l.Pages()
	if older != "" {
		fmt.Fprintf(w, "sonde: older traces: --page-before %s\n", older)
	}
	if newer != "" {
		fmt.Fprintf(w, "sonde: newer traces: --page-after %s\n", newer)
	}
}
