package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/record"
)

type copyCmd struct {
	answerFlags
	From  Secret   `help:"URL of the store to read." placeholder:"URL" required:""`
	To    Secret   `help:"URL of the store to write." placeholder:"URL" required:""`
	All   bool     `help:"Copy every trace."`
	Trace []string `arg:"" optional:"" help:"Ids of the traces to copy (OSProfiler's base ids), the beginnings of them, or last for the newest." placeholder:"ID"`
}

func (*copyCmd) Help() string {
	return `Nothing is removed from the store that is read. The oldest trace is written first, and of each
trace the oldest record. A trace with an error is filed as failed in the copy, if the store that
is written files traces. A record that the store has more than once is copied once. Copying a
trace twice does no harm, since readers ignore repeated records: after a failure, run it again.

` + secretHelp + `

Examples:

  sonde trace copy --from redis://localhost --to sqlite:///incident.db ID
  sonde trace copy --from redis://localhost --to env:ARCHIVE_URL --all
  sonde trace copy --from @/run/secrets/redis-url --to @/run/secrets/archive-url --all`
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
	o := config.Options
	o.Logger = slog.New(slog.DiscardHandler) // what matters is returned as well
	from, err := drivers.Open(ctx, string(c.From), o)
	if err != nil {
		return err
	}
	defer from.Close()
	o.FilterErrorTrace = true // whoever filed the failed traces did so on purpose
	to, err := drivers.Open(ctx, string(c.To), o)
	if err != nil {
		return err
	}
	cp := copier{from: from, to: to, bar: newProgressBar(s.err, "trace"), sorter: sorter{hold: holdBytes}}
	err = cp.run(ctx, c.Trace)
	cp.bar.clear()
	err = errors.Join(err, cp.sorter.close(), to.Close()) // some stores take the last records then
	if cp.skipped > 0 {
		fmt.Fprintf(s.err, "sonde: %s could not be copied, the first since %s\n", plural(cp.skipped, "record"), terminal.Clean(cp.why.Error()))
	}
	if c.json() {
		err = errors.Join(err, writeDocument(s.out, cp.answer()))
	} else {
		fmt.Fprintf(s.out, "copied %s, %s\n", plural(cp.traces, "trace"), plural(cp.records, "record"))
	}
	if err == nil && cp.skipped > 0 {
		return errSaid
	}
	return err
}

// copyAnswer is what "trace copy" prints as JSON.
type copyAnswer struct {
	versioned
	Traces  int     `json:"traces"`
	Records int     `json:"records"`
	Skipped int     `json:"skipped"`
	Why     *string `json:"why"` // the first record was skipped
}

func (c *copier) answer() copyAnswer {
	a := copyAnswer{versioned: thisVersion, Traces: c.traces, Records: c.records, Skipped: c.skipped}
	if c.why != nil {
		why := c.why.Error()
		a.Why = &why
	}
	return a
}

// copyBatch is how many records are written at once.
const copyBatch = 512

type copier struct {
	from, to                 *drivers.Store
	bar                      *progressBar
	sorter                   sorter
	repeats                  repeats
	batch                    []record.Event
	ended                    int // traces whose last record is in the batch
	traces, records, skipped int
	why                      error // the first record was skipped
}

// run copies the named traces, or all, the oldest first.
func (c *copier) run(ctx context.Context, ids []string) (err error) {
	if len(ids) == 0 {
		ids, err = c.all(ctx)
	} else {
		ids, err = c.byAge(ctx, ids)
	}
	if err != nil {
		return err
	}
	if len(ids) > 1 && c.from.Can(drivers.ReadAll) {
		return c.inOnePass(ctx, ids)
	}
	for i, id := range ids {
		c.bar.set(i, len(ids))
		if err := c.trace(ctx, id); err != nil {
			return fmt.Errorf("trace %s: %w", id, err)
		}
	}
	return c.write(ctx)
}

// inOnePass copies traces from a store that reads everything for each of them.
func (c *copier) inOnePass(ctx context.Context, ids []string) error {
	order := make(map[header.ID]int, len(ids))
	wanted := make(map[string]bool, len(ids))
	for i, text := range ids {
		wanted[text] = true
		if id, err := header.ParseID(text); err == nil {
			order[id] = i
		}
	}
	c.sorter.order = order
	for r, err := range c.from.AllRecords(ctx) {
		if err == nil && !wanted[r.Trace] { // it has come since
			continue
		}
		if err := c.add(r, err); err != nil {
			return err
		}
	}
	at := -1
	for e, err := range c.sorter.sorted() {
		if err != nil {
			return err
		}
		if now := order[e.Trace()]; now != at {
			c.bar.set(now, len(ids))
			if at >= 0 {
				c.ended++
			}
			at = now
		}
		if err := c.put(ctx, e); err != nil {
			return err
		}
	}
	if at >= 0 {
		c.ended++
	}
	return c.write(ctx)
}

// add takes a record that was read, or the error that came in its place.
func (c *copier) add(r record.Record, err error) error {
	var bad *record.BadRecordError
	if errors.As(err, &bad) {
		c.skip(1, err)
		return nil
	}
	if err != nil {
		return err
	}
	e, err := r.Event()
	if err != nil {
		c.skip(1, err)
		return nil
	}
	return c.sorter.add(e)
}

// put writes an event once a batch is full. One that the store has more than once is
// copied once.
func (c *copier) put(ctx context.Context, e record.Event) error {
	if c.repeats.has(&e) {
		return nil
	}
	if c.batch = append(c.batch, e); len(c.batch) < copyBatch {
		return nil
	}
	return c.write(ctx)
}

// all lists the traces of the store, the oldest first.
func (c *copier) all(ctx context.Context) (ids []string, err error) {
	for t, err := range c.from.Traces(ctx, drivers.Query{}) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, t.ID)
	}
	slices.Reverse(ids)
	return ids, nil
}

// byAge puts the named traces in order, the oldest first.
func (c *copier) byAge(ctx context.Context, named []string) ([]string, error) {
	ids := make([]string, len(named))
	for i, text := range named {
		id, err := traces.Resolve(ctx, c.from, text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	if ids = slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) == 1 {
		return ids, nil
	}
	began := make(map[string]string, len(ids))
	for _, id := range ids {
		for r, err := range c.from.Records(ctx, id) {
			var bad *record.BadRecordError
			if errors.As(err, &bad) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("trace %s: %w", id, err)
			}
			if first, ok := began[id]; !ok || r.Timestamp < first {
				began[id] = strings.Clone(r.Timestamp)
			}
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return strings.Compare(began[a], began[b]) })
	return ids, nil
}

func (c *copier) trace(ctx context.Context, id string) error {
	found := false
	for r, err := range c.from.Records(ctx, id) {
		found = found || err == nil
		if err := c.add(r, err); err != nil {
			return err
		}
	}
	if !found {
		return errors.New("is not in the store that is read")
	}
	for e, err := range c.sorter.sorted() {
		if err != nil {
			return err
		}
		if err := c.put(ctx, e); err != nil {
			return err
		}
	}
	c.ended++
	return nil
}

func (c *copier) skip(n int, why error) {
	if c.skipped += n; c.why == nil {
		c.why = why
	}
}

// write delivers the batch, which may be of several traces, but for the records that the store will never take.
func (c *copier) write(ctx context.Context) error {
	for {
		if len(c.batch) == 0 {
			c.traces, c.ended = c.traces+c.ended, 0
			return nil
		}
		err := c.to.Notify(ctx, c.batch)
		var rejected *record.RejectedError
		if !errors.As(err, &rejected) || len(rejected.Indexes) == 0 {
			if err == nil {
				c.records += len(c.batch)
				c.batch = c.batch[:0]
				continue
			}
			return err
		}
		c.skip(len(rejected.Indexes), rejected.Err)
		c.batch = without(c.batch, rejected.Indexes)
	}
}

// without is events less those at the ascending indexes.
func without(events []record.Event, indexes []int) []record.Event {
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
