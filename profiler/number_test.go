package profiler_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// numbers are those of a store's records, by trace and producer, in the store's order.
func numbers(s *store) map[string][]uint64 {
	by := map[string][]uint64{}
	for _, e := range s.all() {
		key := fmt.Sprintf("%s by %016x", e.Trace(), e.Number().From)
		by[key] = append(by[key], e.Number().N)
	}
	return by
}

// checkGapless holds that each producer has numbered a trace's records from 1, as many
// producers as there should be.
func checkGapless(t *testing.T, by map[string][]uint64, producers int) {
	t.Helper()
	if len(by) != producers {
		t.Errorf("%d producers of a trace, want %d", len(by), producers)
	}
	for who, list := range by {
		slices.Sort(list)
		for i, n := range list {
			if n != uint64(i+1) {
				t.Errorf("%s has numbered %v", who, list)
				break
			}
		}
	}
}

// TestNumbers: a trace's records are numbered in their order, those of held points that
// were discarded left out, whatever is handed over when.
func TestNumbers(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, byFlush)
	for range 3 {
		ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		var kept []profiler.Point
		for i := range 100 { // several chunks
			_, held := profiler.Open(ctx, profiler.Opening{Name: "held", Held: true})
			_, p := profiler.Start(ctx, "step")
			p.Stop()
			if i%3 == 0 {
				kept = append(kept, held)
			} else {
				held.Discard()
			}
			if i == 50 {
				if err := s.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, p := range kept {
			p.Stop()
		}
		root.Stop()
	}
	mustClose(t, s)
	by := numbers(sink)
	for who, list := range by {
		if !slices.IsSorted(list) || len(list) != 2+200+2*34 {
			t.Errorf("%s has numbered %d: %v", who, len(list), list)
		}
	}
	checkGapless(t, by, 3)
	for _, e := range sink.all() {
		if e.Numbered() {
			t.Fatalf("the number is in the text of %s", e.JSON())
		}
	}
}

// TestNumbersOfRequests: requests that join one trace share a numbering, at every sink;
// the trace that the service has begun itself has one of its own.
func TestNumbersOfRequests(t *testing.T) {
	sinks := []*store{{}, {}}
	s := newService(t, sinks[0], also(profiler.Destination{Sink: sinks[1]}))
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	sent := http.Header{}
	profiler.Inject(ctx, sent)
	var requests sync.WaitGroup
	for range 20 {
		requests.Add(1)
		go func() {
			defer requests.Done()
			in := s.Receive(context.Background(), profiler.Arrival{Layer: "http"}, sent)
			ctx, p := in.Open(context.Background(), profiler.Opening{Name: "request"})
			for range 40 {
				_, step := profiler.Start(ctx, "step")
				step.Stop()
			}
			p.Stop()
		}()
	}
	requests.Wait()
	root.Stop()
	mustClose(t, s)
	for _, sink := range sinks {
		checkGapless(t, numbers(sink), 2)
	}
	if a, b := sinks[0].find(t, "root-start").Number(), sinks[1].find(t, "root-start").Number(); a.From == b.From || a.N != b.N {
		t.Errorf("the sinks have %+v and %+v", a, b)
	}
}

// TestNumbersOfForgottenTrace: a trace that comes back after so many others that it is
// forgotten is numbered from 1 again, by another producer.
func TestNumbersOfForgottenTrace(t *testing.T) {
	sink := &store{}
	s := newService(t, sink, func(c *profiler.Config) { c.Limits.NewTraces = 1 << 20 })
	keys, err := header.ParseKeys("k1")
	if err != nil {
		t.Fatal(err)
	}
	arrive := func(base header.ID) profiler.Incoming {
		sent := http.Header{}
		keys.Primary().Sign(header.Info{BaseID: base, ParentID: base}).Write(sent)
		return s.Receive(context.Background(), profiler.Arrival{Layer: "http"}, sent)
	}
	request := func(base header.ID) {
		in := arrive(base)
		_, p := in.Open(context.Background(), profiler.Opening{Name: "request"})
		p.Stop()
	}
	base := header.NewID()
	request(base)
	request(base)
	for range 100_000 { // the table has room for 16384
		arrive(header.NewID())
	}
	request(base)
	mustClose(t, s)
	of := map[uint64][]uint64{}
	for _, e := range sink.all() {
		if e.Trace() == base {
			of[e.Number().From] = append(of[e.Number().From], e.Number().N)
		}
	}
	lists := make([][]uint64, 0, 2)
	for _, list := range of {
		lists = append(lists, list)
	}
	slices.SortFunc(lists, func(a, b []uint64) int { return cmp.Compare(len(a), len(b)) })
	if len(lists) != 2 || !slices.Equal(lists[0], []uint64{1, 2}) || !slices.Equal(lists[1], []uint64{1, 2, 3, 4}) {
		t.Errorf("numbered %v", lists)
	}
}

// TestNumbersOfLostRecords: records that find no room get no number, so what the trace
// tells of them is told once. Those that one sink drops or rejects have one, and the
// trace tells how many. The point that tells has a numbering of its own.
func TestNumbersOfLostRecords(t *testing.T) {
	good := &store{}
	s, o := newOutage(t, false, fewEvents(10), also(profiler.Destination{Sink: good, Queue: profiler.QueueConfig{MaxEvents: 1000}}), byFlush)
	points(s, 5)
	inFlight(t, s, o)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	steps := func(n int) {
		for range n {
			_, p := profiler.Start(ctx, "step")
			p.Stop()
		}
	}
	steps(20) // of which the first sink takes no more than what was handed over when it had room
	o.up.Store(true)
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	steps(1)
	root.Stop()
	mustClose(t, s)
	base := good.find(t, "root-start").Trace()
	for i, sink := range []*store{&o.store, good} {
		var tellers, most, have, lost, numbered uint64
		for _, e := range sink.all() {
			if e.Trace() != base {
				continue
			}
			sonde, _ := info(t, &e)["sonde"].(map[string]any)
			l, _ := sonde["lost"].(float64)
			n, _ := sonde["lost_numbered"].(float64)
			lost, numbered = lost+uint64(l), numbered+uint64(n)
			if e.Name() == "sonde_lost" {
				tellers++
				continue
			}
			most, have = max(most, e.Number().N), have+1
		}
		sinks := balancedSinks(t, s)
		if dropped := sinks[i].Dropped.QueueFull; lost != dropped || (i == 0) != (dropped > 0) {
			t.Errorf("sink %d: %d are told, %d were dropped", i, lost, dropped)
		}
		if most-have != numbered {
			t.Errorf("sink %d has %d of %d records, and is told that %d are missing", i, have, most, numbered)
		}
	}
}

// TestNumbersOfRejectedRecords: a record that is rejected has its number, and the
// trace's next record tells that.
func TestNumbersOfRejectedRecords(t *testing.T) {
	sink := &store{}
	reject := true
	sink.before = func(_ context.Context, events []record.Event) error {
		for i := range events {
			if reject && events[i].Name() == "bad" {
				return &record.RejectedError{Indexes: []int{i}, Err: errSink}
			}
		}
		return nil
	}
	s := newService(t, sink, byFlush)
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	_, p := profiler.Start(ctx, "bad")
	p.Stop()
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	root.Stop()
	mustClose(t, s)
	e := sink.find(t, "root-stop")
	sonde, _ := info(t, e)["sonde"].(map[string]any)
	if e.Number().N != 4 || sonde["lost"] != 2.0 || sonde["lost_numbered"] != 2.0 {
		t.Errorf("record %d tells %v", e.Number().N, sonde)
	}
}

// TestNumbersOfLossPoint: the two records of a point that tells a loss are 1 and 2, and
// no other such point is of the same producer.
func TestNumbersOfLossPoint(t *testing.T) {
	s, o := newOutage(t, false, fewEvents(9), byFlush)
	points(s, 4)
	inFlight(t, s, o)
	points(s, 5)
	o.up.Store(true)
	mustClose(t, s)
	by := map[uint64][]uint64{}
	for _, e := range o.all() {
		if e.Name() == "sonde_lost" {
			by[e.Number().From] = append(by[e.Number().From], e.Number().N)
		}
	}
	if len(by) < 2 {
		t.Fatalf("%d points tell losses, the test needs two", len(by))
	}
	for from, list := range by {
		if !slices.Equal(list, []uint64{1, 2}) {
			t.Errorf("%016x has numbered %v", from, list)
		}
	}
}
