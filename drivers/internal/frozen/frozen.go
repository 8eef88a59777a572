// Package frozen has the test that the drivers of servers share: a server that
// stands still holds none of a driver's methods for ever.
package frozen

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// watchdog tells a method that hangs from one that ends.
const watchdog = 2 * time.Minute

// idle is when some clients look whether a connection still lives before they
// use it.
const idle = 1500 * time.Millisecond

// Test freezes the servers that drivers are connected to, and wants an error
// that names the store and says that it did not answer from each method, on the
// connection that was there and on a new one. url is the driver's.
func Test(t *testing.T, url, store string, o drivers.Options, servers ...*servertest.Server) {
	t.Helper()
	o.SocketTimeout = time.Second
	type call struct {
		what string
		do   func() error
	}
	var calls []call
	trace := func() []record.Event {
		events := drivertest.Trace(4, 0)
		for i := range events {
			events[i].Change(func(f *record.Fields) { f.Info = []byte(`{"host":"host-a"}`) }) // which every server takes
		}
		return events
	}
	events := trace()
	base := events[0].Trace().String()
	// A driver for each, which has all the connections that it needs.
	connected := func() drivers.Driver {
		d, err := drivers.Open(t.Context(), url, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		eventually(t, func() error { return d.Notify(t.Context(), events) })
		eventually(t, func() error {
			err := last(d.Records(t.Context(), base))
			if errors.Is(err, errors.ErrUnsupported) {
				return nil
			}
			return err
		})
		return d
	}
	add := func(what string, do func(drivers.Driver) error) {
		d := connected()
		calls = append(calls, call{what, func() error { return do(d) }})
	}
	ctx := t.Context()
	add("Notify", func(d drivers.Driver) error { return d.Notify(ctx, trace()) })
	d := connected()
	if err := last(d.Records(ctx, base)); !errors.Is(err, errors.ErrUnsupported) {
		add("Records", func(d drivers.Driver) error { return last(d.Records(ctx, base)) })
	}
	if err := last(d.Traces(ctx, drivers.Query{})); !errors.Is(err, errors.ErrUnsupported) {
		add("Traces", func(d drivers.Driver) error { return last(d.Traces(ctx, drivers.Query{})) })
	}
	if _, ok := d.(drivers.Deleter); ok {
		add("Delete", func(d drivers.Driver) error { return d.(drivers.Deleter).Delete(ctx, base) })
	}
	if _, ok := d.(drivers.Pruner); ok {
		add("Prune", func(d drivers.Driver) error {
			_, err := d.(drivers.Pruner).Prune(ctx, time.Unix(0, 0))
			return err
		})
	}
	if _, ok := d.(drivers.Pinger); ok {
		add("Ping", func(d drivers.Driver) error { return d.(drivers.Pinger).Ping(ctx) })
	}

	time.Sleep(idle)
	for _, s := range servers {
		s.Freeze()
		defer s.Thaw() // lets those that hang end
	}
	var waiting []chan [2]error
	for _, c := range calls {
		ended := make(chan [2]error, 1)
		go func() { ended <- [2]error{c.do(), c.do()} }()
		waiting = append(waiting, ended)
	}
	end := time.After(watchdog)
	for i, ended := range waiting {
		select {
		case errs := <-ended:
			for n, err := range errs {
				if !errors.Is(err, drivers.ErrNoAnswer) || !strings.Contains(err.Error(), store) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s, call %d: %v, want one line that says that %s did not answer", calls[i].what, n+1, err, store)
				}
			}
		case <-end:
			t.Fatalf("%s waits for ever for a frozen server", calls[i].what)
		}
	}
}

// eventually does something that a slow machine may not do within the bound.
func eventually(t *testing.T, do func() error) {
	t.Helper()
	for end := time.Now().Add(watchdog); ; {
		err := do()
		if err == nil {
			return
		}
		if !errors.Is(err, drivers.ErrNoAnswer) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func last[T any](seq iter.Seq2[T, error]) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}
