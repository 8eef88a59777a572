package faults

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

const (
	// notifyTimeout is how long a service waits for a batch.
	notifyTimeout = time.Second
	// brief is how long a call may wait that is to be seen to end.
	brief = 200 * time.Millisecond
	// points is how many a trace of the load has, and records how many records
	// they are.
	points, records = 50, 100
	// idle is when some clients look whether a connection still lives before
	// they use it.
	idle = 1500 * time.Millisecond
)

// work records a trace, and checks that this does not wait for the store.
func work(t *testing.T, l *load.Load) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Work(points)
	}()
	watchdog.Await(t, "a traced request", done)
}

// testSlow: a reply that comes in pieces is a reply.
func testSlow(t *testing.T, s *Server) {
	p := NewProxy(t, s.Addr)
	p.slow(time.Millisecond)
	d := s.open(t, s.URL(p.Addr), 0, time.Minute)
	l := load.Start(t, d, time.Minute)
	work(t, l)
	var y tally
	for _, c := range calls(d, &y, batch()[0].Trace().String()) {
		if err := c.do(t.Context(), d); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if d.Can(drivers.Read) {
		events := batch()
		if err := errors.Join(d.Notify(t.Context(), events), readWhole(t, d, events)); err != nil {
			t.Error(err)
		}
		y.stored += len(events)
	}
	want := int(l.All(t)) + y.stored
	if st := l.Stats(); st.Retries > 0 {
		t.Errorf("batches were sent again though the store answered: %+v", st)
	}
	s.wantStored(t, want)
}

// testCut cuts a connection after various numbers of bytes of a reply, and checks
// that the error is true.
func testCut(t *testing.T, s *Server) {
	p := NewProxy(t, s.Addr)
	d := s.open(t, s.URL(p.Addr), 0, 0)
	var y tally
	notify := func() error { return y.notify(t.Context(), d) }
	eventually(t, notify) // connects
	y.settle(t, d)
	cut := func(what string, do func() error) {
		t.Helper()
		for n, before := 0, p.rest(); ; n = max(1, 4*n) {
			p.CutAfter(n)
			err := do()
			cuts := p.rest()
			if err != nil {
				shown(t, what, err)
			}
			if len(y.unknown) == 0 {
				s.wantStored(t, y.stored)
			}
			y.settle(t, d)
			if t.Failed() {
				t.Fatalf("the reply to %s was cut after %d bytes: %v", what, n, err)
			}
			if cuts == before { // the reply was shorter
				if n == 0 {
					t.Fatal("no connection was cut: does the URL lead to the proxy?")
				}
				return
			}
			before = cuts
		}
	}
	cut("Notify", notify)
	if d.Can(drivers.Read) {
		events := batch()
		eventually(t, func() error { return d.Notify(t.Context(), events) })
		y.stored += len(events)
		cut("Records", func() error { return readWhole(t, d, events) })
	}

	l := load.Start(t, d, notifyTimeout)
	p.CutAfter(0)
	work(t, l)
	recorded := int(l.All(t))
	p.rest()
	s.wantStored(t, y.stored+recorded)
}

// readWhole reads a trace and checks that a part of it is not taken for the whole.
func readWhole(t *testing.T, d *drivers.Store, events []record.Event) error {
	t.Helper()
	names := map[string]bool{}
	for r, err := range d.Records(t.Context(), events[0].Trace().String()) {
		if err != nil {
			return err
		}
		names[r.Point+r.Name] = true
	}
	if len(names) != len(events) {
		t.Errorf("%d of %d records and no error", len(names), len(events))
	}
	return nil
}

// testWrongCredentials: with wrong credentials nothing is sent, and the records
// wait.
func testWrongCredentials(t *testing.T, s *Server) {
	url := s.Wrong(t)
	if !strings.Contains(url, Secret) {
		t.Fatalf("no %q in the URL with wrong credentials", Secret)
	}
	open := func() *drivers.Store { return s.open(t, url, 0, 0) }
	refusesAll(t, open)
	givenUp(t, s, open())
	s.wantStored(t, 0)
}

// testNoRoom: records that a full store refuses wait until it has room again.
func testNoRoom(t *testing.T, s *Server) {
	d := s.here(t)
	l := load.Start(t, d, notifyTimeout)
	work(t, l)
	l.Until(t, "the first records", load.Acknowledged(records))
	free := s.Fill(t)
	var y tally
	err := y.write(t.Context(), d, batchOf(records)) // there may be room for a part
	for n := 0; err == nil; n++ {
		if n == 1000 {
			t.Fatal("a full store takes whatever it is given")
		}
		err = y.notify(t.Context(), d)
	}
	shown(t, "Notify to a full store", err)
	if rejected := new(record.RejectedError); errors.As(err, &rejected) {
		t.Fatalf("records are given up that there is no room for: %v", err)
	}
	if len(y.unknown) == 0 {
		s.wantStored(t, records+y.stored)
	}
	work(t, l)
	l.Until(t, "a retry", load.Retried(1))
	free()
	y.settle(t, d)
	s.wantStored(t, int(l.All(t))+y.stored)
}

// refusesAll checks that each method fails with an error that can be shown, and
// that nothing was sent. All are called at once, each of a store of its own, since some
// servers take seconds to refuse a password.
func refusesAll(t *testing.T, open func() *drivers.Store) {
	t.Helper()
	var y tally
	var all sync.WaitGroup
	for _, c := range calls(open(), &y, batch()[0].Trace().String()) {
		own := open()
		all.Add(1)
		go func() {
			defer all.Done()
			shown(t, string(c.what), c.do(t.Context(), own))
		}()
	}
	all.Wait()
	if y.stored > 0 || len(y.unknown) > 0 {
		t.Error("Notify does not say that nothing was sent")
	}
}

// givenUp makes a service record more than its queue holds for a store that takes
// nothing, and give up. Then each record must have been dropped for a reason, or be
// unconfirmed if it was just being sent.
func givenUp(t *testing.T, s *Server, d *drivers.Store) {
	t.Helper()
	l := load.StartSmall(t, d, notifyTimeout, records)
	work(t, l)
	work(t, l)
	l.Until(t, "a retry", load.Retried(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := l.Close(ctx)
	st := l.Stats()
	if st.Recorded != 2*records || st.Waiting != 0 || st.Recorded != st.Acknowledged+st.Dropped.Total()+st.Unconfirmed {
		t.Errorf("the accounts do not balance: %+v", st)
	}
	if err == nil || st.Dropped.QueueFull == 0 || st.Dropped.Undelivered+st.Unconfirmed == 0 || st.Dropped.Rejected > 0 {
		t.Errorf("Close: %v, %+v, want records for which there was no room, and others that were not delivered", err, st)
	}
	if st.Acknowledged > 0 && !s.Holds {
		t.Errorf("%+v, want nothing acknowledged by a store that got nothing", st)
	}
}

// noAnswer checks that an error says which server did not answer.
func noAnswer(t *testing.T, s *Server, what string, err error) {
	t.Helper()
	shown(t, what, err)
	if !errors.Is(err, drivers.ErrNoAnswer) || !strings.Contains(err.Error(), s.Name) {
		t.Errorf("%s: %v, want that %q did not answer", what, err, s.Name)
	}
}
