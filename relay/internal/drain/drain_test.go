package drain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// TestTwoDrainsShareTheWork: each record is stored once, whoever takes it.
func TestTwoDrainsShareTheWork(t *testing.T) {
	s := openSpool(t)
	all := fill(t, s, 400)
	kept := &shelf{}
	a, b := run(t, s, nil, store(kept)), run(t, s, nil, store(kept))
	empty(t, s)
	once(t, store(kept), all)
	watchdog.Until(t, "the last answers", func() bool {
		return a.Stats().Stores[0].Stored+b.Stats().Stores[0].Stored == uint64(len(all))
	})
	for _, r := range []*running{a, b} {
		st := r.Stats()
		if st.HeldMessages != 0 || st.HeldBytes != 0 || st.Acknowledged != st.Messages || st.Stores[0].Stored != st.Records {
			t.Errorf("%+v", st)
		}
	}
}

// TestEachStoreGetsAll: a message is acknowledged when all stores have it.
func TestEachStoreGetsAll(t *testing.T) {
	s := openSpool(t)
	one, two := &shelf{}, &shelf{}
	run(t, s, nil, store(one), store(two))
	all := fill(t, s, 50)
	empty(t, s)
	once(t, store(one), all)
	once(t, store(two), all)
}

// TestKilledMidWrite: a drain whose process dies while it writes loses nothing, and
// what it has written is not written again by the one that gets its messages.
func TestKilledMidWrite(t *testing.T) {
	s := openSpool(t)
	all := fill(t, s, 200)
	kept := &shelf{}
	half := make(chan struct{})
	var calls atomic.Int32
	killed, kill := context.WithCancel(context.Background())
	t.Cleanup(kill)
	kept.when(nil, func([]record.Event) error {
		if calls.Add(1) == 2 { // it has written, and nobody will hear
			close(half)
			<-killed.Done()
		}
		return nil
	})
	dead := run(t, s, func(c *Config) {
		c.Grace = 1
		consumer := c.Source
		c.Source = silentSource{consumer, killed}
	}, store(kept))
	watchdog.Await(t, "the second write", half)
	kill()
	dead.end()
	kept.when(nil, nil)
	if n := kept.count(); n == 0 || n == len(all) {
		t.Fatalf("%d of %d records were written before the kill", n, len(all))
	}
	next := run(t, s, nil, store(kept))
	empty(t, s)
	once(t, store(kept), all)
	if st := next.Stats(); st.Redelivered == 0 || st.Stores[0].Present == 0 {
		t.Errorf("nothing was delivered again: %+v", st)
	}
}

// TestLostAnswer: a store that has stored a batch and could not say so gets it once.
func TestLostAnswer(t *testing.T) {
	s := openSpool(t)
	all := fill(t, s, 100)
	kept := &shelf{}
	var calls atomic.Int32
	kept.when(nil, func([]record.Event) error {
		if calls.Add(1)%2 == 1 {
			return errors.New("the answer is lost")
		}
		return nil
	})
	r := run(t, s, nil, store(kept))
	empty(t, s)
	once(t, store(kept), all)
	if st := r.Stats(); st.Stores[0].Present == 0 || !strings.Contains(r.log.String(), "takes records again") {
		t.Errorf("%+v\n%s", st, r.log)
	}
}

// TestRejectedRecords go to the quarantine and hold up nothing.
func TestRejectedRecords(t *testing.T) {
	s := openSpool(t)
	kept, other := &shelf{}, &shelf{}
	all := fill(t, s, 20)
	bad := drivertest.Trace(4, 0)
	publish(t, s, batch("bad", bad))
	poison := bad[2].Point()
	kept.when(func(events []record.Event) error {
		var indexes []int
		for i := range events {
			if events[i].Point() == poison {
				indexes = append(indexes, i)
			}
		}
		if indexes != nil {
			return &record.RejectedError{Indexes: indexes, Err: errors.New("it is too ugly")}
		}
		return nil
	}, nil)
	run(t, s, nil, store(kept), store(other))
	empty(t, s)
	var good []record.Event
	for i := range bad {
		if bad[i].Point() != poison {
			good = append(good, bad[i])
		}
	}
	once(t, store(kept), append(good, all...))
	once(t, store(other), append(bad, all...))
	aside := quarantined(t, s)
	if len(aside) != len(bad)-len(good) || len(aside) == 0 {
		t.Fatalf("%d records are in the quarantine, want %d", len(aside), len(bad)-len(good))
	}
	for _, b := range aside {
		if !strings.Contains(b.Reason, "it is too ugly") || b.Source != "shelf://" || b.Trace != bad[0].Trace().String() || !strings.Contains(string(b.Text), poison.String()) {
			t.Errorf("%+v", b)
		}
	}
}

// TestHopelessMessage: a store that fails with one message and takes the others does
// not fail for ever.
func TestHopelessMessage(t *testing.T) {
	s := openSpool(t)
	kept := &shelf{}
	bad := drivertest.Trace(4, 0)
	trace := bad[0].Trace()
	kept.when(func(events []record.Event) error {
		for i := range events {
			if events[i].Trace() == trace {
				return errors.New("internal error 42")
			}
		}
		return nil
	}, nil)
	publish(t, s, batch("bad", bad))
	r := run(t, s, nil, store(kept))
	watchdog.Until(t, "a failure", func() bool { return r.Stats().Stores[0].Failing })
	all := fill(t, s, 30)
	for i := 0; len(quarantined(t, s)) == 0; i++ { // as long as others come
		events := drivertest.Trace(2, 0)
		all = append(all, events...)
		publish(t, s, batch(fmt.Sprint("more-", i), events))
	}
	empty(t, s)
	once(t, store(kept), all)
	aside := quarantined(t, s)
	if len(aside) != len(bad) || !strings.Contains(aside[0].Reason, "internal error 42") {
		t.Errorf("%d records are in the quarantine: %+v", len(aside), aside)
	}
}

// TestStoreIsDown: what one store cannot take waits in the spool, and the other gets
// everything meanwhile, with a memory that is much smaller.
func TestStoreIsDown(t *testing.T) {
	s := openSpool(t)
	up, down := &shelf{}, &shelf{}
	down.when(func([]record.Event) error { return errDown }, nil)
	r := run(t, s, func(c *Config) { c.MaxBytes, c.park = 1, testPark }, store(up), store(down))
	var all []record.Event
	for i := range 40 { // some 8 MiB
		events := drivertest.Trace(400, 0)
		all = append(all, events...)
		publish(t, s, batch(fmt.Sprint("big-", i), events))
	}
	watchdog.Until(t, "the store that is up", func() bool { return up.count() == len(all) })
	if state, err := s.State(t.Context()); err != nil || state.Messages != 40 {
		t.Errorf("%d messages are in the spool, want all: %v", state.Messages, err)
	}
	if down.count() != 0 {
		t.Errorf("the store that is down has %d records", down.count())
	}
	down.when(nil, nil)
	empty(t, s)
	once(t, store(up), all)
	once(t, store(down), all)
	if st := r.Stats(); st.Parked == 0 || st.HeldBytes != 0 {
		t.Errorf("%+v", st)
	}
}
