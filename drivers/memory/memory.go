// Package memory is the driver that keeps traces in the memory of the process,
// for tests and demos. Import it for its scheme:
//
//	memory://       a store of its own
//	memory://name   one store for all that open the name, while any has it open
//
// It holds everything until it is deleted, pruned or closed.
package memory

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "memory", Doc: "the memory of this process, for tests and demos", Example: "memory://name",
		Import: "github.com/sonde-go/sonde/drivers/memory",
		Open: func(_ context.Context, u *drivers.URL, _ drivers.Options) (driver.Driver, error) {
			if strings.ContainsAny(u.Place, "/?#@") {
				return nil, errors.New("want memory:// or memory://name")
			}
			return open(u.Place), nil
		},
	})
}

// store holds each trace as the records that would be stored, in the order of
// their arrival.
type store struct {
	mu     sync.RWMutex
	traces map[string][][]byte
	users  int // guarded by namedMu
}

var (
	namedMu sync.Mutex
	named   = map[string]*store{}
)

type memory struct {
	name  string
	store *store
}

func open(name string) *memory {
	if name == "" {
		return &memory{store: newStore()}
	}
	namedMu.Lock()
	defer namedMu.Unlock()
	s := named[name]
	if s == nil {
		s = newStore()
		named[name] = s
	}
	s.users++
	return &memory{name: name, store: s}
}

func newStore() *store { return &store{traces: map[string][][]byte{}} }

// Terms implements [driver.Promising].
func (m *memory) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "in the memory of this process",
		Repeated:     "kept twice; readers ignore the second",
		Listed:       "every record",
		Forgets:      "the store ends with this process: it is for tests and demos",
	}
}

func (m *memory) Close() error {
	if m.name == "" {
		return nil
	}
	namedMu.Lock()
	defer namedMu.Unlock()
	if m.store.users--; m.store.users == 0 {
		delete(named, m.name)
	}
	return nil
}

func (m *memory) Notify(_ context.Context, events []record.Event) error {
	records := make([][]byte, len(events))
	for i := range events {
		records[i] = events[i].AppendJSON(nil)
	}
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	for i := range events {
		base := events[i].Trace().String()
		m.store.traces[base] = append(m.store.traces[base], records[i])
	}
	return nil
}

func (m *memory) Records(_ context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		m.store.mu.RLock()
		raws := m.store.traces[baseID] // only ever appended to
		m.store.mu.RUnlock()
		var p record.Parser
		for _, raw := range raws {
			if !yield(p.Parse(raw)) {
				return
			}
		}
	}
}

func (m *memory) Traces(_ context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		list := kit.NewTraceList(q)
		m.store.mu.RLock()
		m.store.each(func(_ string, r *record.Record) { list.Add(r) })
		m.store.mu.RUnlock()
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// each calls do for each good record; the caller holds mu.
func (s *store) each(do func(base string, r *record.Record)) {
	var p record.Parser
	for base, raws := range s.traces {
		for _, raw := range raws {
			if r, err := p.Parse(raw); err == nil {
				do(base, &r)
			}
		}
	}
}

func (m *memory) Delete(_ context.Context, baseID string) error {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	delete(m.store.traces, baseID)
	return nil
}

func (m *memory) Prune(_ context.Context, olderThan time.Time) (int, error) {
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	last := map[string]string{}
	m.store.each(func(base string, r *record.Record) { last[base] = max(last[base], r.Timestamp) })
	n := 0
	for base, timestamp := range last {
		if timestamp < limit {
			delete(m.store.traces, base)
			n++
		}
	}
	return n, nil
}

func (m *memory) Ping(context.Context) error { return nil }
