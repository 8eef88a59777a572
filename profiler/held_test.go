package profiler

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
)

// recorder keeps the names and infos of records.
type recorder struct{ infos []string }

func (r *recorder) Notify(_ context.Context, events []record.Event) error {
	for _, e := range events {
		r.infos = append(r.infos, e.RecordName()+string(e.Info()))
	}
	return nil
}

// TestLossIsNotToldInVain: a record that may be taken back does not tell what
// was lost.
func TestLossIsNotToldInVain(t *testing.T) {
	r := &recorder{}
	s, err := New(Config{Name: "svc", Host: "h", Sink: r, Queue: QueueConfig{FlushInterval: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, held := s.Begin(context.Background(), Opening{Name: "held", Held: true})
	s.queue.outlets[0].losses.add(held.n.trace.base, loss{n: 3})
	_, p := Start(ctx, "point")
	held.Discard()
	p.Stop()
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := []string{`point-start{"sonde":{"kind":"internal","lost":3},"host":"h"}`, `point-stop{"host":"h"}`}
	if !slices.Equal(r.infos, want) {
		t.Errorf("got %q, want %q", r.infos, want)
	}
}

// TestHeldPlaces: however many points are held and however often their records
// are moved, each point knows its record's place, so that none is searched for.
func TestHeldPlaces(t *testing.T) {
	s, err := New(Config{Name: "svc", Sink: nowhere{}, Queue: QueueConfig{FlushInterval: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, root := s.Begin(context.Background(), Opening{Name: "root"})
	var held []Point
	moves := 0
	for range 2000 {
		before := root.n.trace.chunk
		_, p := Open(ctx, Opening{Name: "held", Held: true})
		held = append(held, p)
		_, step := Start(ctx, "step")
		step.Stop()
		if c := root.n.trace.chunk; c != before && c != nil {
			moves += len(c.held)
		}
	}
	c := root.n.trace.chunk
	for i, p := range held {
		if r := c.withheld(p.n); r == nil || !bytes.Contains(c.buf[r.from:r.to], p.n.idText[:]) {
			t.Fatalf("point %d does not know its place", i)
		}
	}
	if moves == 0 || moves > 4*len(held) {
		t.Errorf("%d records were moved for %d held points", moves, len(held))
	}
	for i, p := range held {
		switch i % 3 {
		case 0:
			p.Release()
			if c.withheld(p.n) != nil {
				t.Errorf("point %d is held after its release", i)
			}
		case 1:
			p.Discard()
		}
	}
	for i, p := range held {
		if i%3 != 1 {
			p.Stop()
		}
	}
	root.Stop()
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	st := s.Stats()
	if want := uint64(1 + 2000 + 2000 - 667); st.Starts != want || st.Stops != want || st.Acknowledged != 2*want || st.Late != 0 {
		t.Errorf("%+v, want %d points", st, want)
	}
	if bytes, events := s.Taken(); bytes != 0 || events != 0 {
		t.Errorf("%d bytes and %d records are still taken", bytes, events)
	}
}
