package drivertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func testBatches(t *testing.T, h Harness) {
	writer, reader := h.openTwo(t, 2)
	sizes := []int{0, 1, 2, 7, 500}
	var all [][]record.Event
	for _, n := range sizes {
		all = append(all, Trace(n, 0))
		h.write(t, writer, all[len(all)-1]...)
	}

	// One batch with the records of three traces in turn.
	var mixed []record.Event
	traces := [][]record.Event{Trace(10, 0), Trace(10, time.Second), Trace(10, -time.Second)}
	for i := range 10 {
		for _, tr := range traces {
			mixed = append(mixed, tr[i])
		}
	}
	h.write(t, writer, mixed...)
	if !h.can(drivers.Read) {
		return
	}
	for _, events := range append(all[1:], traces...) {
		checkAll(t, read(t, reader, events[0].Trace().String()), events)
	}
}

// testBuffers checks that a driver keeps nothing of a batch, whose memory is
// reused.
func testBuffers(t *testing.T, h Harness) {
	d := h.open(t)
	batch := Trace(4, 0)
	want := make([]record.Event, len(batch))
	for i := range want {
		want[i] = batch[i].Clone()
	}
	h.write(t, d, batch...)
	for i := range batch {
		for j := range batch[i].Info() {
			batch[i].Info()[j] = 'X'
		}
		batch[i] = record.Event{}
	}
	if h.can(drivers.Read) {
		checkAll(t, read(t, d, want[0].Trace().String()), want)
	}
}

func testCancelled(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(3, 0)
	h.write(t, d, events...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refusesAll(t, ctx, h, d, events[0].Trace().String(), context.Canceled)
	if h.can(drivers.Read) {
		checkAll(t, read(t, d, events[0].Trace().String()), events)
	}
}

func testClosed(t *testing.T, h Harness) {
	d := h.open(t) // whose cleanup closes once more
	events := Trace(3, 0)
	h.write(t, d, events...)
	for _, which := range []string{"first", "second"} {
		if err := d.Close(); err != nil {
			t.Errorf("%s Close: %v", which, err)
		}
		refusesAll(t, t.Context(), h, d, events[0].Trace().String(), drivers.ErrClosed)
	}
}

// refusesAll checks that each method that asks the store fails with want.
func refusesAll(t *testing.T, ctx context.Context, h Harness, d *drivers.Store, baseID string, want error) {
	t.Helper()
	wantError(t, "Notify", d.Notify(ctx, Trace(3, 0)), want)
	if h.can(drivers.Read) {
		wantError(t, "Records", last(d.Records(ctx, baseID)), want)
		wantError(t, "Records of an unknown trace", last(d.Records(ctx, header.NewID().String())), want)
		if h.can(drivers.List) {
			wantError(t, "Traces", last(d.Traces(ctx, listAll)), want)
			wantError(t, "Traces of nobody", last(d.Traces(ctx, drivers.Query{Service: "nobody"})), want)
		}
	}
	if h.can(drivers.Delete) {
		wantError(t, "Delete", d.Delete(ctx, baseID), want)
	}
	if h.can(drivers.Prune) {
		n, err := d.Prune(ctx, time.Now().Add(24*time.Hour))
		wantError(t, "Prune", err, want)
		if n != 0 {
			t.Errorf("Prune has removed %d traces", n)
		}
	}
	if h.can(drivers.Ping) {
		wantError(t, "Ping", d.Ping(ctx), want)
	}
}

func testConcurrent(t *testing.T, h Harness) {
	d := h.open(t)
	const writers, batches = 4, 8
	traces := make([][]record.Event, writers*batches)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for b := range batches {
				events := Trace(20, time.Duration(w*batches+b)*time.Second)
				traces[w*batches+b] = events
				if err := d.Notify(t.Context(), events); err != nil {
					t.Errorf("Notify: %v", err)
				}
				if !h.can(drivers.Read) {
					continue
				}
				for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
					if err != nil {
						t.Errorf("Records: %v", err)
					}
				}
			}
		}()
	}
	wg.Wait()
	h.settle(t)
	if !h.can(drivers.Read) || t.Failed() {
		return
	}
	for _, events := range traces {
		checkAll(t, read(t, d, events[0].Trace().String()), events)
	}
}

func testPing(t *testing.T, h Harness) {
	if err := h.open(t).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func testBig(t *testing.T, h Harness) {
	d := h.open(t)
	events := Trace(5000, 0)
	text := make([]byte, 16000)
	for i := range text {
		text[i] = "abc\"\\<\n'%"[i%9]
	}
	events[17].Change(func(f *record.Fields) { f.Info = Info(string(text)) })
	for i := 0; i < len(events); i += 2500 {
		h.write(t, d, events[i:i+2500]...)
	}
	checkAll(t, read(t, d, events[0].Trace().String()), events)
}

func manyTraces(n int, step time.Duration) (traces [][]record.Event, all []record.Event) {
	for i := range n {
		events := Trace(2, time.Duration(i)*step)
		events[0].Change(func(f *record.Fields) { f.Info = Info(fmt.Sprint("trace ", i)) })
		traces = append(traces, events)
		all = append(all, events...)
	}
	return traces, all
}
