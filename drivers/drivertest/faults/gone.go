package faults

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// testDown opens the store while its server is down; the server comes up later.
func testDown(t *testing.T, s *Server) {
	up := s.down(s.Stop)
	defer up()
	open := func() *drivers.Store { return s.open(t, s.URL(s.Addr), brief, 0) }
	d := open()
	refusesAll(t, open)
	givenUp(t, s, d)
	l := load.Start(t, s.open(t, s.URL(s.Addr), brief, 0), notifyTimeout)
	work(t, l)
	l.Until(t, "a retry", load.Retried(1))
	up()
	s.wantStored(t, int(l.All(t)))
	if err := d.Close(); err != nil && !s.Holds {
		t.Errorf("Close: %v", err)
	}
}

// down takes the server down and returns a function that brings it back, once.
func (s *Server) down(how func()) (up func()) {
	how()
	down := true
	return func() {
		if down {
			down = false
			s.Start()
		}
	}
}

// testKilled kills the server while a service writes. One that forgets is killed
// once it has acknowledged everything, so that it is known what it forgets.
func testKilled(t *testing.T, s *Server) {
	d := s.here(t)
	l := load.Start(t, d, notifyTimeout)
	work(t, l)
	l.Until(t, "the first records", load.Acknowledged(records))
	forgotten := 0
	var quiet atomic.Bool
	ended := make(chan struct{})
	if s.Forgets {
		forgotten = records
		close(ended)
	} else {
		go func() {
			defer close(ended)
			for !quiet.Load() {
				l.Work(10)
				time.Sleep(5 * time.Millisecond)
			}
		}()
		l.Until(t, "records under load", load.Acknowledged(2*records))
	}
	defer func() {
		quiet.Store(true)
		watchdog.Await(t, "the end of the load", ended)
	}()
	up := s.down(s.Kill)
	defer up()
	work(t, l)
	l.Until(t, "a retry", load.Retried(1))
	before := l.Stats().Acknowledged
	up()
	l.Until(t, "records after the outage", load.Acknowledged(before+records))
	quiet.Store(true)
	watchdog.Await(t, "the end of the load", ended)
	work(t, l)
	s.wantStored(t, int(l.All(t))-forgotten)
}

// testFrozen freezes the server while a service writes, and during each method,
// over an existing connection and over a new one.
func testFrozen(t *testing.T, s *Server) {
	var y tally
	trace := batch()[0].Trace().String()
	connected := func(socket time.Duration) *drivers.Store {
		d := s.open(t, s.URL(s.Addr), 0, socket)
		eventually(t, func() error { return y.notify(t.Context(), d) })
		for _, c := range calls(d, &y, trace)[1:] {
			if c.what == drivers.Read {
				eventually(t, func() error { return c.do(t.Context(), d) })
			}
		}
		return d
	}
	patient, closing := connected(time.Minute), connected(time.Minute)
	methods := calls(patient, &y, trace)
	bounded := make([]*drivers.Store, len(methods)) // each has all the connections that it needs
	for i := range bounded {
		bounded[i] = connected(notifyTimeout)
	}
	l := load.Start(t, s.here(t), notifyTimeout)
	work(t, l)
	l.Until(t, "the first records", load.Acknowledged(records))

	time.Sleep(idle)
	frozen := true
	s.Freeze()
	thaw := func() {
		if frozen {
			frozen = false
			s.Thaw()
		}
	}
	defer thaw() // lets those that hang end

	work(t, l)
	ended := make([]chan [3]error, len(methods))
	for i, c := range methods {
		ended[i] = make(chan [3]error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), brief)
			defer cancel()
			errs := [3]error{c.do(ctx, patient)}
			for n := 1; n < len(errs); n++ {
				errs[n] = c.do(t.Context(), bounded[i])
			}
			ended[i] <- errs
		}()
	}
	// Close waits for nobody, whose caller has set no limit.
	began, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		close(began)
		failed <- y.notify(context.Background(), closing)
	}()
	watchdog.Await(t, "a call", began)
	closed := make(chan error, 1)
	go func() { closed <- closing.Close() }()

	for i, c := range methods {
		errs := watchdog.Await(t, string(c.what)+" of a frozen server", ended[i])
		shown(t, string(c.what), errs[0])
		if !errors.Is(errs[0], context.DeadlineExceeded) {
			t.Errorf("%s with a deadline: %v", c.what, errs[0])
		}
		for _, err := range errs[1:] {
			noAnswer(t, s, string(c.what), err)
		}
	}
	_ = watchdog.Await(t, "Close", closed)
	if err := watchdog.Await(t, "the call that Close ends", failed); !errors.Is(err, drivers.ErrClosed) {
		t.Errorf("Notify of a store that is closed meanwhile: %v", err)
	}
	l.Until(t, "a retry", load.Retried(1))
	thaw()
	y.settle(t, patient)
	s.wantStored(t, int(l.All(t))+y.stored)
}
