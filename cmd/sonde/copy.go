package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/progress"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/profiler"
)

type copyCmd struct {
	From  string   `help:"URL of the store to read." placeholder:"URL" required:""`
	To    string   `help:"URL of the store to write." placeholder:"URL" required:""`
	All   bool     `help:"Copy every trace."`
	Trace []string `arg:"" optional:"" help:"Base ids of the traces to copy." placeholder:"ID"`
}

func (*copyCmd) Help() string {
	return `Nothing is removed from the store that is read. Copying a trace twice does no harm, since
readers ignore repeated records: after a failure, run it again.

Examples:

  sonde trace copy --from redis://localhost --to sqlite:///incident.db ID
  sonde trace copy --from redis://localhost --to postgresql://u@db/traces --all`
}

func (c *copyCmd) Run(ctx context.Context, s streams) error {
	switch {
	case c.All == (len(c.Trace) > 0):
		return errors.New("name the traces to copy, or give --all")
	case c.From == c.To:
		return errors.New("--from and --to are the same store")
	}
	config, err := sonde.FromEnv()
	if err != nil {
		return err
	}
	config.Options.Logger = slog.New(slog.DiscardHandler) // what matters is returned as well
	from, err := drivers.Open(ctx, c.From, config.Options)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := drivers.Open(ctx, c.To, config.Options)
	if err != nil {
		return err
	}
	cp := copier{from: from, to: to, bar: progress.NewBar(s.err, "traces")}
	err = cp.run(ctx, c.Trace)
	cp.bar.Clear()
	err = errors.Join(err, to.Close()) // some stores take the last records then
	if cp.skipped > 0 {
		fmt.Fprintf(s.err, "sonde: %d records could not be copied, the first since %s\n", cp.skipped, terminal.Clean(cp.why.Error()))
	}
	fmt.Fprintf(s.out, "copied %d traces, %d records\n", cp.traces, cp.records)
	if err == nil && cp.skipped > 0 {
		return errSaid
	}
	return err
}

// copyBatch is how many records are written at once.
const copyBatch = 512

type copier struct {
	from, to                 drivers.Driver
	bar                      *progress.Bar
	batch                    []profiler.Event
	traces, records, skipped int
	why                      error // the first record was skipped
}

// run copies the named traces, or all.
func (c *copier) run(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		for t, err := range c.from.Traces(ctx, drivers.Query{}) {
			if err != nil {
				return err
			}
			ids = append(ids, t.BaseID)
		}
	}
	for i, id := range ids {
		c.bar.Set(i, len(ids))
		if err := c.trace(ctx, id); err != nil {
			return fmt.Errorf("trace %s: %w", id, err)
		}
	}
	return nil
}

func (c *copier) trace(ctx context.Context, id string) error {
	found := false
	for r, err := range c.from.Records(ctx, id) {
		var bad *profiler.BadRecordError
		if errors.As(err, &bad) {
			c.skip(1, err)
			continue
		}
		if err != nil {
			return err
		}
		found = true
		e, err := r.Event()
		if err != nil {
			c.skip(1, err)
			continue
		}
		if c.batch = append(c.batch, e); len(c.batch) == copyBatch {
			if err := c.write(ctx); err != nil {
				return err
			}
		}
	}
	if !found {
		return errors.New("is not in the store that is read")
	}
	if err := c.write(ctx); err != nil {
		return err
	}
	c.traces++
	return nil
}

func (c *copier) skip(n int, why error) {
	if c.skipped += n; c.why == nil {
		c.why = why
	}
}

// write delivers the batch but for the records that the store will never take.
func (c *copier) write(ctx context.Context) error {
	for len(c.batch) > 0 {
		err := c.to.Notify(ctx, c.batch)
		var rejected *profiler.RejectedError
		if !errors.As(err, &rejected) || len(rejected.Indexes) == 0 {
			if err == nil {
				c.records += len(c.batch)
				c.batch = c.batch[:0]
			}
			return err
		}
		c.skip(len(rejected.Indexes), rejected.Err)
		c.batch = without(c.batch, rejected.Indexes)
	}
	return nil
}

// without is events less those at the ascending indexes.
func without(events []profiler.Event, indexes []int) []profiler.Event {
	kept := events[:0]
	for i := range events {
		if len(indexes) > 0 && indexes[0] == i {
			indexes = indexes[1:]
			continue
		}
		kept = append(kept, events[i])
	}
	return kept
}
