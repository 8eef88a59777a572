package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"text/tabwriter"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/progress"
	"github.com/sonde-go/sonde/internal/terminal"
)

type listCmd struct {
	storeFlags
	Limit      uint      `help:"At most so many; ${default}, 0 for all." default:"20" placeholder:"N"`
	Since      sinceFlag `help:"Only those that began in the last 90m, 12h or 7d, or at a UTC time or after it." placeholder:"TIME"`
	Service    string    `help:"Only those in which this service took part." placeholder:"NAME"`
	ErrorTrace bool      `help:"Only those that failed: in Redis, MongoDB and Elasticsearch those that services have filed, which they do with filter_error_trace."`
	JSON       bool      `name:"json" help:"Print a JSON array."`
}

func (*listCmd) Help() string {
	return `Examples:

  sonde trace list
  sonde trace list --since 1h --service cart
  sonde trace list --error-trace --connection-string redis://localhost:6379/0
  sonde trace list --json --limit 0 | jq -r '.[].base_id'`
}

func (c *listCmd) Run(ctx context.Context, s streams) error {
	q := drivers.Query{Limit: int(c.Limit), Since: c.Since.Time, Service: c.Service, ErrorsOnly: c.ErrorTrace}
	return c.with(ctx, func(d drivers.Driver) error {
		traces := c.named(d.Traces(ctx, q))
		var n int
		var err error
		if c.JSON {
			n, err = writeJSON(s.out, traces)
		} else {
			n, err = writeTable(s.out, progress.Count(s.err, "trace", traces))
		}
		if err == nil && n == 0 {
			such := ""
			if c.ErrorTrace || c.Service != "" || !c.Since.IsZero() {
				such = "such "
			}
			fmt.Fprintf(s.err, "sonde: no %straces in %s\n", such, c.name())
		}
		return err
	})
}

// named adds the name of the store to its errors.
func (f *storeFlags) named(traces iter.Seq2[drivers.Trace, error]) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		for t, err := range traces {
			if err != nil {
				err = fmt.Errorf("%s: %w", f.name(), err)
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func writeTable(w io.Writer, traces iter.Seq2[drivers.Trace, error]) (n int, err error) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for t, err := range traces {
		if err != nil {
			return n, err
		}
		if n == 0 {
			fmt.Fprintln(table, "TRACE\tBEGAN (UTC)\tSERVICE\tNAME\t")
		}
		n++
		failed := ""
		if t.Failed {
			failed = "failed"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", terminal.Clean(t.BaseID), terminal.Clean(t.Timestamp), terminal.Clean(t.Service), terminal.Clean(t.Name), failed)
	}
	return n, table.Flush()
}

// appendJSON appends a trace as a JSON object in ASCII, since what is in it
// was written by others and goes to a terminal.
func appendJSON(b []byte, t *drivers.Trace) []byte {
	b = append(b, '{')
	for _, m := range [...]struct{ name, value string }{
		{"base_id", t.BaseID}, {"timestamp", t.Timestamp}, {"project", t.Project}, {"service", t.Service}, {"name", t.Name},
	} {
		b = jsontext.AppendString(b, m.name)
		b = jsontext.AppendString(append(b, ':'), m.value)
		b = append(b, ',')
	}
	b = append(b, `"failed":`...)
	return append(strconv.AppendBool(b, t.Failed), '}')
}

func writeJSON(w io.Writer, traces iter.Seq2[drivers.Trace, error]) (n int, err error) {
	if _, err := io.WriteString(w, "["); err != nil {
		return 0, err
	}
	for t, err := range traces {
		if err != nil {
			return n, err
		}
		before := ",\n"
		if n == 0 {
			before = "\n"
		}
		if _, err := fmt.Fprintf(w, "%s  %s", before, appendJSON(nil, &t)); err != nil {
			return n, err
		}
		n++
	}
	end := "]\n"
	if n > 0 {
		end = "\n]\n"
	}
	_, err = io.WriteString(w, end)
	return n, err
}
