package faults

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// batch makes a few records that every store takes.
func batch() []record.Event { return batchOf(4) }

func batchOf(n int) []record.Event {
	events := drivertest.Trace(n, 0)
	for i := range events {
		events[i].Change(func(f *record.Fields) { f.Info = []byte(`{"host":"host-a"}`) })
	}
	return events
}

// tally counts what a store was given without a service, and what it answered.
type tally struct {
	mu      sync.Mutex
	stored  int // records that were acknowledged
	unknown [][]record.Event
}

// notify writes a batch.
func (y *tally) notify(ctx context.Context, d *drivers.Store) error {
	return y.write(ctx, d, batch())
}

func (y *tally) write(ctx context.Context, d *drivers.Store, events []record.Event) error {
	err := d.Notify(ctx, events)
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case err == nil:
		y.stored += len(events)
	case !errors.Is(err, record.ErrNotSent):
		y.unknown = append(y.unknown, events)
	}
	return err
}

// settle sends records that may or may not be stored again until they are, as a
// service does.
func (y *tally) settle(t *testing.T, d *drivers.Store) {
	t.Helper()
	for _, events := range y.unknown {
		eventually(t, func() error { return d.Notify(t.Context(), events) })
		y.stored += len(events)
	}
	y.unknown = nil
}

// eventually calls do until it succeeds.
func eventually(t *testing.T, do func() error) {
	t.Helper()
	var err error
	defer func() {
		if err != nil {
			t.Log(err)
		}
	}()
	watchdog.Until(t, "a server that works", func() bool {
		err = do()
		return err == nil
	})
}

// call is a method of a store.
type call struct {
	what drivers.Op
	do   func(context.Context, *drivers.Store) error
}

// calls are the methods that a store has, those that ask for one trace with the
// id of a trace.
func calls(d *drivers.Store, y *tally, trace string) (all []call) {
	for _, c := range []call{
		{"write", y.notify},
		{drivers.Read, func(ctx context.Context, d *drivers.Store) error { return last(d.Records(ctx, trace)) }},
		{drivers.List, func(ctx context.Context, d *drivers.Store) error { return last(d.Traces(ctx, drivers.Query{})) }},
		{drivers.Delete, func(ctx context.Context, d *drivers.Store) error { return d.Delete(ctx, "x") }},
		{drivers.Prune, func(ctx context.Context, d *drivers.Store) error {
			_, err := d.Prune(ctx, time.Unix(0, 0))
			return err
		}},
		{drivers.Ping, func(ctx context.Context, d *drivers.Store) error { return d.Ping(ctx) }},
	} {
		if c.what == "write" || d.Can(c.what) {
			all = append(all, c)
		}
	}
	return all
}

// last returns the error that is the last thing yielded, nil if that is none.
func last[T any](seq iter.Seq2[T, error]) (err error) {
	for _, err = range seq {
	}
	return err
}
