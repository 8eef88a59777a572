package drivers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// sink is the least that a driver can be.
type sink struct {
	notify func(ctx context.Context) error
	closed atomic.Int32
}

func (s *sink) Notify(ctx context.Context, _ []record.Event) error {
	if s.notify == nil {
		return nil
	}
	return s.notify(ctx)
}

func (s *sink) Close() error { s.closed.Add(1); return nil }

// reader can be read, too: each trace has three records.
type reader struct {
	sink
	ended bool // a sequence was told that its reader has stopped, or went through
}

func (r *reader) Records(context.Context, string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		defer func() { r.ended = true }()
		for i := range 3 {
			if !yield(record.Record{Name: fmt.Sprint(i)}, nil) {
				return
			}
		}
	}
}

const toyURL = "toy://u:geheim@h"

func TestStoreErrors(t *testing.T) {
	refused := &record.RejectedError{Indexes: []int{1}, Err: errors.New("too\nlarge")}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: no route", record.ErrNotSent), "write toy://u:***@h: not sent: no route"},
		{refused, "write toy://u:***@h: 1 events rejected: too; large"},
		{errors.Join(errors.New("a  b\t\x1b[31m"), driver.ErrNoAnswer), "write toy://u:***@h: a b \ufffd[31m; the store did not answer"},
		{errors.ErrUnsupported, "write toy://u:***@h: unsupported operation"},
	} {
		s := drivers.NewStore(toyURL, &sink{notify: func(context.Context) error { return tt.err }})
		err := s.Notify(t.Context(), nil)
		var e *drivers.Error
		if !errors.As(err, &e) || e.Scheme() != "toy" || e.URL != s.URL() || !errors.Is(err, tt.err) || err.Error() != tt.want {
			t.Errorf("%v\nwant a *drivers.Error: %s", err, tt.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	s := drivers.NewStore(toyURL, &sink{notify: func(context.Context) error { return refused }})
	defer s.Close()
	var got *record.RejectedError
	if err := s.Notify(t.Context(), nil); !errors.As(err, &got) || len(got.Indexes) != 1 || got.Indexes[0] != 1 {
		t.Errorf("%v has the rejected events %v, want 1", err, got)
	}
}

func TestStoreSaysWhatItLacks(t *testing.T) {
	s := drivers.NewStore(toyURL, &sink{})
	defer s.Close()
	for _, op := range []drivers.Op{drivers.Read, drivers.List, drivers.ListErrors, drivers.Delete, drivers.Prune, drivers.Ping} {
		if s.Can(op) {
			t.Errorf("a driver that can only write can %s", op)
		}
	}
	if err := s.Delete(t.Context(), "x"); !errors.Is(err, errors.ErrUnsupported) || strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
	if s := drivers.NewStore(toyURL, &reader{}); !s.Can(drivers.Read) || s.Can(drivers.List) {
		t.Error("a driver that can be read has to be read and not listed")
	}
}

// TestCallsEndWithClose: a call that is on its way is given time, then its
// context ends; only then is the driver closed, once.
func TestCallsEndWithClose(t *testing.T) {
	began := make(chan struct{})
	d := &sink{}
	d.notify = func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		if d.closed.Load() != 0 {
			t.Error("the driver was closed while a call was running")
		}
		return context.Cause(ctx)
	}
	s := drivers.NewStore(toyURL, d)
	result := make(chan error, 1)
	go func() { result <- s.Notify(t.Context(), nil) }()
	<-began
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-result; !errors.Is(err, drivers.ErrClosed) {
		t.Errorf("the call: %v, want one that the store is closed", err)
	}
	if n := d.closed.Load(); n != 1 {
		t.Errorf("the driver was closed %d times", n)
	}
	d.notify = nil
	if err := s.Notify(t.Context(), nil); !errors.Is(err, drivers.ErrClosed) || !errors.Is(err, record.ErrNotSent) {
		t.Errorf("after Close: %v", err)
	}
}

// TestDeafDriver: a call that heeds no context does not hold up Close for ever.
func TestDeafDriver(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	d := &sink{notify: func(context.Context) error { close(began); <-release; return errors.New("late") }}
	s := drivers.NewStore(toyURL, d)
	result := make(chan error, 1)
	go func() { result <- s.Notify(t.Context(), nil) }()
	<-began
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	if err := watchdog.Await(t, "the end of Close", closed); err != nil || d.closed.Load() != 1 {
		t.Errorf("Close: %v, after which the driver was closed %d times", err, d.closed.Load())
	}
	close(release)
	if err := <-result; !errors.Is(err, drivers.ErrClosed) || !strings.HasSuffix(err.Error(), "late") {
		t.Errorf("the late call: %v", err)
	}
}

// TestReadersMayClose: who reads records may close the store, end the context,
// or stop, in the middle.
func TestReadersMayClose(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(*drivers.Store, context.CancelFunc)
		want error
	}{
		"close":  {func(s *drivers.Store, _ context.CancelFunc) { _ = s.Close() }, drivers.ErrClosed},
		"cancel": {func(_ *drivers.Store, cancel context.CancelFunc) { cancel() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			d := &reader{}
			s := drivers.NewStore(toyURL, d)
			defer s.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n, last := 0, error(nil)
			for _, last = range s.Records(ctx, "x") {
				if n++; n == 1 {
					if s.Running() != 0 {
						t.Error("Close would wait for its caller")
					}
					tt.do(s, cancel)
				}
			}
			if n != 2 || !errors.Is(last, tt.want) || !d.ended {
				t.Errorf("after the first record came %d things, the last %v; want %v", n-1, last, tt.want)
			}
		})
	}
	d := &reader{}
	s := drivers.NewStore(toyURL, d)
	for range s.Records(t.Context(), "x") {
		break
	}
	if !d.ended {
		t.Error("the driver was not told that its reader has stopped")
	}
	func() {
		defer func() { _ = recover() }()
		for range s.Records(t.Context(), "x") {
			panic("in the reader")
		}
	}()
	closed := make(chan struct{})
	go func() { _ = s.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatal("Close waits for readers that have gone")
	}
}

func TestContextsThatEndAreTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := drivers.NewStore(toyURL, &sink{notify: func(context.Context) error { cancel(); return errors.New("broken pipe") }})
	defer s.Close()
	if err := s.Notify(ctx, drivertest.Trace(1, 0)); !errors.Is(err, context.Canceled) || errors.Is(err, record.ErrNotSent) {
		t.Errorf("a call during which the context ended: %v", err)
	}
	if err := s.Notify(ctx, nil); !errors.Is(err, context.Canceled) || !errors.Is(err, record.ErrNotSent) {
		t.Errorf("a call after it: %v", err)
	}
}
