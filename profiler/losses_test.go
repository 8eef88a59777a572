package profiler

import (
	"math"
	"testing"

	"github.com/sonde-go/sonde/header"
)

// TestLossesAreBounded: those of so many traces are remembered, and those of more
// are told by each trace of their time, once.
func TestLossesAreBounded(t *testing.T) {
	var l losses
	ids := make([]header.ID, maxLosses)
	for i := range ids {
		ids[i] = header.NewID()
		l.add(ids[i], loss{n: 1, from: 10, to: 10})
	}
	l.add(ids[0], loss{n: 2, from: 20, to: 20}) // one that is known needs no room
	for i := range 3 {
		l.add(header.NewID(), loss{n: 1, from: 30 + int64(i), to: 30 + int64(i)})
	}
	if len(l.traces) != maxLosses {
		t.Fatalf("%d traces are remembered", len(l.traces))
	}
	take := func(c *chunk) untold {
		if u := l.take(c); u != nil {
			return *u
		}
		return untold{}
	}
	during := func(base header.ID, began, until int64) *chunk {
		return &chunk{base: base, began: began, recs: []entry{{time: until}}}
	}
	for i, c := range []struct {
		began, until int64
		want         uint64
	}{{0, 29, 0}, {0, 30, 3}, {32, 50, 3}, {33, 50, 0}} {
		base := header.NewID()
		if u := take(during(base, c.began, c.until)); u.service.n != c.want || u.trace.n != 0 {
			t.Errorf("%d: from %d to %d: %+v", i, c.began, c.until, u)
		}
		if u := take(during(base, c.began, c.until)); u.service.n != 0 {
			t.Errorf("%d: told twice: %+v", i, u)
		}
	}
	u := take(during(ids[0], 0, 100))
	if want := (loss{n: 3, from: 10, to: 20}); u.trace != want || u.service.n != 3 || u.service.from != 30 || u.service.to != 32 {
		t.Errorf("%+v", u)
	}
	l.add(header.NewID(), loss{n: 1, from: 33, to: 33}) // finds room again
	l.add(header.NewID(), loss{n: 1, from: 34, to: 34}) // does not, and is of the same spell
	if u := take(during(ids[0], 0, 100)); u.service.n != 1 || u.trace.n != 0 {
		t.Errorf("what is new in a spell: %+v", u)
	}
	for i := range int64(2 * maxForgotten) {
		at := i * 2 * forgottenGap
		l.add(header.NewID(), loss{n: 1, from: at, to: at})
	}
	if n := len(l.forgotten); n != maxForgotten {
		t.Errorf("%d spells are remembered", n)
	}
	for range 2 * maxLosses {
		l.take(during(header.NewID(), 0, math.MaxInt64))
	}
	if n := len(l.forgotten[0].told); n != maxLosses {
		t.Errorf("%d traces are remembered that have told a spell", n)
	}
}

// TestLossesEnded: a trace that is over is made to tell when no record of it can
// come any more.
func TestLossesEnded(t *testing.T) {
	var l losses
	base := header.NewID()
	l.add(base, loss{n: 2, from: 1, to: 2})
	if _, _, ok := l.takeEnded(math.MaxUint64); ok {
		t.Error("a trace that is not over")
	}
	l.end(base, 7)
	l.end(base, 9)
	l.end(header.NewID(), 1) // has lost nothing
	if _, _, ok := l.takeEnded(7); ok {
		t.Error("record 7 can still tell")
	}
	if id, lost, ok := l.takeEnded(8); !ok || id != base || lost.n != 2 {
		t.Errorf("%v lost %+v: %v", id, lost, ok)
	}
	if _, _, ok := l.takeEnded(math.MaxUint64); ok {
		t.Error("told twice")
	}
}
