package drivertest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/drivertest"
	_ "github.com/sonde-go/sonde/drivers/memory"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// full is what every driver of the faults has.
type full interface {
	driver.Driver
	driver.Reader
	driver.Lister
	driver.Promising
}

// wrong is a driver with a fault.
type wrong struct {
	full
	driver.Deleter
	driver.Pruner
	driver.Pinger
	lacks   drivers.Op
	terms   func(*drivers.Terms)
	close   func(next func() error) error
	notify  func(next notifyFunc, ctx context.Context, events []record.Event) error
	records func(recordsSeq) recordsSeq
	query   func(*drivers.Query)
	traces  func(tracesSeq) tracesSeq
}

func (w *wrong) Lacks(op drivers.Op) string {
	if op == w.lacks {
		return "the driver is faulty"
	}
	return ""
}

func (w *wrong) Terms() drivers.Terms {
	terms := w.full.Terms()
	if w.terms != nil {
		w.terms(&terms)
	}
	return terms
}

func (w *wrong) Close() error {
	if w.close != nil {
		return w.close(w.full.Close)
	}
	return w.full.Close()
}

type (
	notifyFunc func(context.Context, []record.Event) error
	recordsSeq = iter.Seq2[record.Record, error]
	tracesSeq  = iter.Seq2[drivers.Trace, error]
)

func (w *wrong) Notify(ctx context.Context, events []record.Event) error {
	if w.notify != nil {
		return w.notify(w.full.Notify, ctx, events)
	}
	return w.full.Notify(ctx, events)
}

func (w *wrong) Records(ctx context.Context, base string) recordsSeq {
	seq := w.full.Records(ctx, base)
	if w.records != nil {
		return w.records(seq)
	}
	return seq
}

func (w *wrong) Traces(ctx context.Context, q drivers.Query) tracesSeq {
	if w.query != nil {
		w.query(&q)
	}
	seq := w.full.Traces(ctx, q)
	if w.traces != nil {
		return w.traces(seq)
	}
	return seq
}

// changeTraces changes the whole list.
func changeTraces(change func([]drivers.Trace) []drivers.Trace) func(*wrong) {
	return func(w *wrong) {
		w.traces = func(seq tracesSeq) tracesSeq {
			return func(yield func(drivers.Trace, error) bool) {
				var all []drivers.Trace
				for t, err := range seq {
					if err != nil {
						yield(t, err)
						return
					}
					all = append(all, t)
				}
				for _, t := range change(all) {
					if !yield(t, nil) {
						return
					}
				}
			}
		}
	}
}

func changeRecord(change func(*record.Record)) func(*wrong) {
	return func(w *wrong) {
		w.records = func(seq recordsSeq) recordsSeq {
			return func(yield func(record.Record, error) bool) {
				for r, err := range seq {
					if err == nil {
						change(&r)
					}
					if !yield(r, err) {
						return
					}
				}
			}
		}
	}
}

// readsAll is the fault of a driver whose lists are as much work as there are traces.
const readsAll = "reads all for a list"

// faults are drivers with one fault each, and the subtest that has to find it.
var faults = map[string]struct {
	make  func(*wrong)
	found string
}{
	"none": {func(*wrong) {}, ""},
	"drops the last event of a batch": {func(w *wrong) {
		w.notify = func(next notifyFunc, ctx context.Context, events []record.Event) error {
			return next(ctx, events[:max(0, len(events)-1)])
		}
	}, "Batches"},
	"keeps the caller's memory": {func(w *wrong) {
		var kept []record.Event
		next := w.full.Notify
		w.notify = func(_ notifyFunc, ctx context.Context, events []record.Event) error {
			kept = append(kept, events...)
			return ctx.Err()
		}
		w.records = func(seq recordsSeq) recordsSeq {
			_ = next(context.Background(), kept)
			return seq
		}
	}, "Buffers"},
	"denies that it can prune": {func(w *wrong) { w.lacks = drivers.Prune }, "Capabilities"},
	"promises nothing":         {func(w *wrong) { w.terms = func(t *drivers.Terms) { *t = drivers.Terms{} } }, "Terms"},
	"spoils the table":         {func(w *wrong) { w.terms = func(t *drivers.Terms) { t.Repeated = "once | twice" } }, "Terms"},
	"fails to close": {func(w *wrong) {
		w.close = func(next func() error) error { return errors.Join(next(), errors.New("no")) }
	}, "Closed"},
	"stores in reverse": {func(w *wrong) {
		w.notify = func(next notifyFunc, ctx context.Context, events []record.Event) error {
			events = slices.Clone(events)
			slices.Reverse(events)
			return next(ctx, events)
		}
	}, "Order"},
	"forgets the host":   {changeRecord(func(r *record.Record) { r.Host = nil }), "Fields"},
	"cuts names at dash": {changeRecord(func(r *record.Record) { r.Name, _, _ = strings.Cut(r.Name, "-") }), "Fields"},
	"replaces what is not ASCII": {changeRecord(func(r *record.Record) {
		s := strings.Map(func(c rune) rune { return min(c, '~') }, *r.Project)
		r.Project = &s
	}), "Hostile"},
	"stops at a bad record": {func(w *wrong) {
		w.records = func(seq recordsSeq) recordsSeq {
			return func(yield func(record.Record, error) bool) {
				for r, err := range seq {
					if !yield(r, err) || err != nil {
						return
					}
				}
			}
		}
	}, "Corrupt"},
	"lists oldest first":    {changeTraces(func(all []drivers.Trace) []drivers.Trace { slices.Reverse(all); return all }), "List"},
	"lists at most 1000":    {changeTraces(func(all []drivers.Trace) []drivers.Trace { return all[:min(len(all), 1000)] }), "ListMany"},
	"begins each page anew": {func(w *wrong) { w.query = func(q *drivers.Query) { q.Before = "" } }, "Pages"},
	"knows no way back":     {func(w *wrong) { w.query = func(q *drivers.Query) { q.After = "" } }, "Pages"},
	"lists ties the other way": {changeTraces(func(all []drivers.Trace) []drivers.Trace {
		slices.SortFunc(all, func(a, b drivers.Trace) int {
			return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(a.ID, b.ID))
		})
		return all
	}), "Pages"},
	"marks all as failed": {changeTraces(func(all []drivers.Trace) []drivers.Trace {
		for i := range all {
			all[i].Failed = true
		}
		return all
	}), "ListErrors"},
	"promises to keep a repeat once": {func(w *wrong) {
		w.terms = func(t *drivers.Terms) { t.Repeated = "kept once" }
	}, "Doubles"},
	"prunes by the record": {func(w *wrong) { w.Pruner = perRecord{w.Pruner, w.full} }, "Doubles"},
	readsAll:               {func(*wrong) {}, "ListWork"},
	"deletes nothing":      {func(w *wrong) { w.Deleter = lazy{} }, "Delete"},
	"prunes everything":    {func(w *wrong) { w.Pruner = eager{w.Pruner} }, "Prune"},
}

type lazy struct{}

func (lazy) Delete(context.Context, string) error { return nil }

// perRecord counts what it prunes twice if a record is there twice.
type perRecord struct {
	driver.Pruner
	full
}

func (p perRecord) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	seen, repeated := map[string]bool{}, 0
	for t := range p.Traces(ctx, drivers.Query{}) {
		for r := range p.Records(ctx, t.ID) {
			if seen[r.Point+r.Name] {
				repeated = 1
			}
			seen[r.Point+r.Name] = true
		}
	}
	n, err := p.Pruner.Prune(ctx, olderThan)
	return n + repeated, err
}

type eager struct{ driver.Pruner }

func (e eager) Prune(ctx context.Context, _ time.Time) (int, error) {
	return e.Pruner.Prune(ctx, time.Now().Add(24*time.Hour))
}

func openMemory(t *testing.T, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const faultEnv = "DRIVERTEST_FAULT"

// TestFaultyDriver is run by TestSuiteFindsFaults in a process of its own.
func TestFaultyDriver(t *testing.T) {
	fault := os.Getenv(faultEnv)
	if fault == "" {
		fault = "none"
	}
	n := atomic.Int64{}
	var name string
	drivertest.Run(t, drivertest.Harness{
		Driver:   fault,
		HoldsAll: true,
		New: func(t *testing.T) func() *drivers.Store {
			name = fmt.Sprintf("memory://faulty%d", n.Add(1))
			held := openMemory(t, name) // keeps it while no other does
			t.Cleanup(func() { _ = held.Close() })
			return func() *drivers.Store {
				d := openMemory(t, name).Driver()
				w := &wrong{full: d.(full), Deleter: d.(driver.Deleter), Pruner: d.(driver.Pruner), Pinger: d.(driver.Pinger)}
				faults[fault].make(w)
				return drivers.NewStore(name, w)
			}
		},
		Corrupt: func(t *testing.T, base, _ string) { corrupt(t, name, base) },
		ListWork: func(t *testing.T, list func(*drivers.Store)) int64 {
			d := openMemory(t, name)
			defer d.Close()
			list(d)
			if fault != readsAll {
				return 1
			}
			all := int64(0)
			for range d.Traces(t.Context(), drivers.Query{}) {
				all++
			}
			return all
		},
	})
}

// TestSuiteFindsFaults runs the suite over drivers with one fault each.
func TestSuiteFindsFaults(t *testing.T) {
	failed := regexp.MustCompile(`--- FAIL: TestFaultyDriver/(\w+)`)
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaultyDriver$/^(Capabilities|"+fault.found+")", "-test.v")
			cmd.Env = append(os.Environ(), faultEnv+"="+name)
			out, err := cmd.CombinedOutput()
			var found []string
			for _, m := range failed.FindAllSubmatch(out, -1) {
				found = append(found, string(m[1]))
			}
			if fault.found == "" {
				if err != nil || !strings.Contains(string(out), `"passed":true`) {
					t.Errorf("a good driver fails in %s: %v\n%s", found, err, out)
				}
				return
			}
			if err == nil || !slices.Contains(found, fault.found) || !strings.Contains(string(out), `"passed":false`) {
				t.Errorf("found in %s, want %s\n%s", found, fault.found, out)
			}
		})
	}
}

// corrupt stores a record with broken info, as memory:// stores what it gets.
func corrupt(t *testing.T, url, base string) {
	t.Helper()
	d := openMemory(t, url)
	defer d.Close()
	id, err := header.ParseID(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Notify(t.Context(), []record.Event{record.New(record.Fields{Name: "db", Trace: id, Point: id, Parent: id, Info: []byte("{")})}); err != nil {
		t.Fatal(err)
	}
}
