// Package memory is the driver that keeps traces in the memory of the process,
// for tests and demos. Import it for its scheme:
//
//	memory://       a store of its own
//	memory://name   one store for all that open the name, as long as any does
//
// It holds everything until it is deleted, pruned or closed.
package memory

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/tracelist"
	"github.com/sonde-go/sonde/record"
)

func init() {
	drivers.Register("memory", func(_ context.Context, url string, _ drivers.Options) (drivers.Driver, error) {
		name := strings.TrimPrefix(url, "memory://")
		if strings.ContainsAny(name, "/?#@") {
			return nil, fmt.Errorf("want memory:// or memory://name")
		}
		return open(name), nil
	})
}

// store holds each trace as the records that would be stored, in the order in
// which they came.
type store struct {
	mu     sync.RWMutex
	traces map[string][][]byte
	users  int // guarded by namedMu
}

var (
	namedMu sync.Mutex
	named   = map[string]*store{}
)

type driver struct {
	name   string
	store  *store
	closed atomic.Bool
}

func open(name string) *driver {
	if name == "" {
		return &driver{store: newStore()}
	}
	namedMu.Lock()
	defer namedMu.Unlock()
	s := named[name]
	if s == nil {
		s = newStore()
		named[name] = s
	}
	s.users++
	return &driver{name: name, store: s}
}

func newStore() *store { return &store{traces: map[string][][]byte{}} }

func (d *driver) Close() error {
	if d.closed.Swap(true) || d.name == "" {
		return nil
	}
	namedMu.Lock()
	defer namedMu.Unlock()
	if d.store.users--; d.store.users == 0 {
		delete(named, d.name)
	}
	return nil
}

func (d *driver) usable(ctx context.Context) error {
	if d.closed.Load() {
		return drivers.ErrClosed
	}
	return ctx.Err()
}

func (d *driver) Notify(ctx context.Context, events []record.Event) error {
	if err := d.usable(ctx); err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	records := make([][]byte, len(events))
	for i := range events {
		records[i] = events[i].AppendJSON(nil)
	}
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	for i := range events {
		base := events[i].Trace().String()
		d.store.traces[base] = append(d.store.traces[base], records[i])
	}
	return nil
}

func (d *driver) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		d.store.mu.RLock()
		raws := d.store.traces[baseID] // only ever appended to
		d.store.mu.RUnlock()
		if err := d.usable(ctx); err != nil {
			yield(record.Record{}, err)
			return
		}
		for _, raw := range raws {
			if err := d.usable(ctx); err != nil {
				yield(record.Record{}, err)
				return
			}
			if !yield(record.Parse(raw)) {
				return
			}
		}
	}
}

func (d *driver) Traces(ctx context.Context, q drivers.Query) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		if err := d.usable(ctx); err != nil {
			yield(drivers.Trace{}, err)
			return
		}
		list := tracelist.New(q)
		d.store.mu.RLock()
		d.store.each(func(_ string, r *record.Record) { list.Add(r) })
		d.store.mu.RUnlock()
		for _, t := range list.Sorted() {
			if err := d.usable(ctx); err != nil {
				yield(drivers.Trace{}, err)
				return
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}

// each calls do for each good record; the caller holds mu.
func (s *store) each(do func(base string, r *record.Record)) {
	for base, raws := range s.traces {
		for _, raw := range raws {
			if r, err := record.Parse(raw); err == nil {
				do(base, &r)
			}
		}
	}
}

func (d *driver) Delete(ctx context.Context, baseID string) error {
	if err := d.usable(ctx); err != nil {
		return err
	}
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	delete(d.store.traces, baseID)
	return nil
}

func (d *driver) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	if err := d.usable(ctx); err != nil {
		return 0, err
	}
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	last := map[string]string{}
	d.store.each(func(base string, r *record.Record) { last[base] = max(last[base], r.Timestamp) })
	n := 0
	for base, timestamp := range last {
		if timestamp < limit {
			delete(d.store.traces, base)
			n++
		}
	}
	return n, nil
}

func (d *driver) Ping(ctx context.Context) error { return d.usable(ctx) }
