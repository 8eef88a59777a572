package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/progress"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

type listCmd struct {
	storeFlags
	Limit      uint      `help:"At most so many; ${default}, 0 for all." default:"20" placeholder:"N"`
	Since      sinceFlag `help:"Only those that began in the last 90m, 12h or 7d, or at a UTC time or after it." placeholder:"TIME"`
	Service    string    `help:"Only those in which this service took part." placeholder:"NAME"`
	ErrorTrace bool      `help:"Only those that failed: in Redis, MongoDB and Elasticsearch those that services have filed, which they do with filter_error_trace."`
	Format     *string   `help:"How to print them: text (a table), json (Sonde's own document, see docs/json.md); text if not given." enum:"text,json" xor:"form" placeholder:"NAME"`
	JSON       bool      `name:"json" help:"Print a JSON array with OSProfiler's names." xor:"form"`
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
	return c.with(ctx, func(d *drivers.Store) error {
		traces := d.Traces(ctx, q)
		var n int
		var err error
		switch {
		case c.JSON:
			n, err = writeArray(s.out, traces, "[", "  ", appendUpstream)
		case c.Format != nil && *c.Format == report.JSON.Name:
			head := fmt.Sprintf("{\n  \"version\": %d,\n  \"traces\": [", report.JSONVersion)
			if n, err = writeArray(s.out, traces, head, "    ", appendTrace); err == nil {
				_, err = io.WriteString(s.out, "}\n")
			}
		default:
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

// appendUpstream appends a trace as a JSON object with OSProfiler's names.
func appendUpstream(b []byte, t *drivers.Trace) []byte {
	return appendObject(b, t.Failed, `""`, "base_id", t.BaseID, "timestamp", t.Timestamp, "project", t.Project, "service", t.Service, "name", t.Name)
}

// appendTrace appends a trace as a JSON object in Sonde's own schema.
func appendTrace(b []byte, t *drivers.Trace) []byte {
	began := ""
	if at, err := time.Parse("2006-01-02T15:04:05.999999", t.Timestamp); err == nil {
		began = at.Format("2006-01-02T15:04:05.000000Z")
	}
	return appendObject(b, t.Failed, "null", "trace", t.BaseID, "began", began, "project", t.Project, "service", t.Service, "name", t.Name)
}

// appendObject appends names and texts as a JSON object in ASCII, since they
// were written by others and go to a terminal.
func appendObject(b []byte, failed bool, empty string, namesAndTexts ...string) []byte {
	b = append(b, '{')
	for i := 0; i < len(namesAndTexts); i += 2 {
		b = append(jsontext.AppendString(b, namesAndTexts[i]), ':')
		if text := namesAndTexts[i+1]; text == "" {
			b = append(b, empty...)
		} else {
			b = jsontext.AppendString(b, text)
		}
		b = append(b, ',')
	}
	b = append(b, `"failed":`...)
	return append(strconv.AppendBool(b, failed), '}')
}

// writeArray writes what begins with a bracket, a line for each trace, and ends
// the bracket and the line.
func writeArray(w io.Writer, traces iter.Seq2[drivers.Trace, error], head, indent string, appendTo func([]byte, *drivers.Trace) []byte) (n int, err error) {
	if _, err := io.WriteString(w, head); err != nil {
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
		if _, err := fmt.Fprintf(w, "%s%s%s", before, indent, appendTo(nil, &t)); err != nil {
			return n, err
		}
		n++
	}
	end := "]\n"
	if n > 0 {
		end = "\n" + indent[2:] + "]\n"
	}
	_, err = io.WriteString(w, end)
	return n, err
}
