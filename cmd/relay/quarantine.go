package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/relay/agent"
	"github.com/sonde-go/sonde/relay/quarantine"
)

// relayCommand is "sonde relay".
type relayCommand struct {
	Quarantine quarantineCommand `cmd:"" help:"Look after the records that no store will ever take."`
}

type quarantineCommand struct {
	List  quarantineList  `cmd:"" help:"List the records, the oldest first, and why they are there."`
	Show  quarantineShow  `cmd:"" help:"Show one record as it was sent, or redacted."`
	Retry quarantineRetry `cmd:"" help:"Have records taken to the stores again, for instance after a store was repaired."`
	Drop  quarantineDrop  `cmd:"" help:"Delete records."`
}

// Help teaches the command.
func (*quarantineCommand) Help() string {
	return `Records that are no records, and those that a store refuses for good, hold up nothing: agents and
collectors put them aside, with the reason. The quarantine belongs to the spool: that of an agent
with a disk of its own, which is asked while it runs where sonde agent status asks it (--socket),
and is opened in its data folder while it is stopped (--data-dir); or that of the site's cluster
(--jetstream). An agent answers root and the user that it runs as, on Linux.

Examples:

  sonde relay quarantine list
  sonde relay quarantine list --jetstream nats://nats.example:4222
  sonde relay quarantine show 17 --jetstream nats://nats.example:4222
  sonde relay quarantine retry 17 18 --socket /srv/shop/agent.sock
  sonde relay quarantine drop --all --data-dir /var/lib/sonde`
}

type quarantineFlags struct {
	clusterFlags
	Socket  string `help:"Socket of an agent that runs. Default, without --jetstream and --data-dir: /run/sonde/agent.sock." placeholder:"PATH" type:"path"`
	DataDir string `help:"Data folder of an agent that is stopped." placeholder:"DIR" type:"path"`
}

// with opens the quarantine, hands it to do and closes it.
func (f *quarantineFlags) with(ctx context.Context, do func(*quarantine.Quarantine) error) error {
	given := 0
	for _, place := range []string{f.Socket, f.DataDir, string(f.Jetstream)} {
		if place != "" {
			given++
		}
	}
	if given > 1 {
		return errors.New("whose quarantine? give --socket PATH, --data-dir DIR or --jetstream URL")
	}
	socket := f.Socket
	if given == 0 {
		socket = agent.DefaultSocket
	}
	if f.DataDir != "" {
		if _, err := os.Stat(f.DataDir); err != nil { // it would be created
			return fmt.Errorf("--data-dir: %w", err)
		}
	}
	tls, err := f.tls()
	if err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	q, err := quarantine.Open(opening, quarantine.Config{
		JetStream: string(f.Jetstream), Credentials: f.JetstreamCredentials, TLS: tls, Socket: socket, DataDir: f.DataDir,
	})
	if err != nil {
		return err
	}
	defer q.Close()
	return do(q)
}

type quarantineList struct {
	quarantineFlags
	Limit  int    `help:"How many at most; 0 for all; ${default}." default:"100" placeholder:"N"`
	Format string `help:"text, or json: one object a line; ${default}." default:"text" enum:"text,json"`
}

// Run is called by the command line.
func (c *quarantineList) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *quarantineList) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(q *quarantine.Quarantine) error {
		w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		n := 0
		for e, err := range q.All(ctx) {
			if err != nil {
				return err
			}
			if c.Limit > 0 && n == c.Limit {
				fmt.Fprintf(os.Stderr, "sonde: there are more than %d; --limit 0 lists all\n", c.Limit)
				break
			}
			if n++; c.Format == "json" {
				if err := json.NewEncoder(out).Encode(e); err != nil {
					return err
				}
				continue
			}
			if n == 1 {
				fmt.Fprintln(w, "NUMBER\tSINCE\tTRACE\tBYTES\tREASON")
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s: %s\n", e.Number, e.At.UTC().Format(time.DateTime),
				terminal.Clean(e.Trace), len(e.Text), terminal.Clean(e.Source), terminal.Clean(e.Reason))
		}
		return w.Flush()
	})
}

type quarantineShow struct {
	quarantineFlags
	Number uint64 `arg:"" help:"Number of the record, as the list has it."`
	Format string `help:"text or json; ${default}." default:"text" enum:"text,json"`
}

// Run is called by the command line.
func (c *quarantineShow) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *quarantineShow) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(q *quarantine.Quarantine) error {
		e, err := q.Get(ctx, c.Number)
		if err != nil {
			return err
		}
		if c.Format == "json" {
			return json.NewEncoder(out).Encode(e)
		}
		for _, row := range [][2]string{
			{"since", e.At.UTC().Format(time.RFC3339)}, {"trace", e.Trace}, {"reason", e.Reason}, {"source", e.Source}, {"record", e.Text},
		} {
			fmt.Fprintf(out, "%-7s %s\n", row[0], terminal.Clean(row[1]))
		}
		return nil
	})
}

// chosen are records by their numbers, or all.
type chosen struct {
	quarantineFlags
	Numbers []uint64 `arg:"" optional:"" help:"Numbers of the records, as the list has them."`
	All     bool     `help:"All that are there now."`
}

// each does something with the chosen records, and says of how many.
func (c *chosen) each(ctx context.Context, out io.Writer, done string, do func(*quarantine.Quarantine, uint64) error) error {
	if c.All == (len(c.Numbers) > 0) {
		return errors.New("which records? give their numbers, or --all")
	}
	return c.with(ctx, func(q *quarantine.Quarantine) error {
		var errs []error
		numbers := c.Numbers
		if c.All {
			for e, err := range q.All(ctx) {
				if err != nil {
					return err
				}
				numbers = append(numbers, e.Number)
			}
		}
		count := 0
		for _, n := range numbers {
			if ctx.Err() != nil {
				errs = append(errs, ctx.Err())
				break
			}
			if err := do(q, n); err != nil {
				errs = append(errs, err)
			} else {
				count++
			}
		}
		fmt.Fprintf(out, "%d of %d records %s\n", count, len(numbers), done)
		return errors.Join(errs...)
	})
}

type quarantineRetry struct{ chosen }

// Run is called by the command line.
func (c *quarantineRetry) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *quarantineRetry) run(ctx context.Context, out io.Writer) error {
	return c.each(ctx, out, "are on their way to the stores again", func(q *quarantine.Quarantine, n uint64) error { return q.Retry(ctx, n) })
}

type quarantineDrop struct{ chosen }

// Run is called by the command line.
func (c *quarantineDrop) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *quarantineDrop) run(ctx context.Context, out io.Writer) error {
	return c.each(ctx, out, "are deleted", func(q *quarantine.Quarantine, n uint64) error { return q.Drop(ctx, n) })
}
