package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// These tests run on the test's own clock: what they say of
// times is exact, however slow the machine is.

// TestFlushByAgeAgain: not only what is written first is delivered by age.
func TestFlushByAgeAgain(t *testing.T) {
	for name, write := range map[string]func(*profiler.Service){
		"finished traces": func(s *profiler.Service) { points(s, 1) },
		"an open trace": func(s *profiler.Service) {
			_, p := s.Begin(context.Background(), profiler.Opening{Name: "open"})
			time.Sleep(101 * time.Millisecond)
			settle()
			p.Stop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				sink := &store{}
				s := newService(t, sink)
				for i := range 5 {
					write(s)
					time.Sleep(101 * time.Millisecond)
					settle()
					if n := len(sink.all()); n != 2*i+2 {
						t.Fatalf("%d records are stored, %d are older than the flush interval", n, 2*i+2)
					}
					time.Sleep(time.Duration(i) * time.Second)
				}
				mustClose(t, s)
			})
		})
	}
}

// TestWaitsForCompany: what is younger than the flush interval waits.
func TestWaitsForCompany(t *testing.T) {
	onOwnClock(t, func(t *testing.T) {
		sink := &store{}
		s := newService(t, sink)
		points(s, 1)
		time.Sleep(99 * time.Millisecond)
		settle()
		if n := len(sink.all()); n != 0 {
			t.Errorf("%d records did not wait", n)
		}
		mustClose(t, s)
	})
}

// TestBatchEvents: batches go when four are complete, and none is bigger than asked.
func TestBatchEvents(t *testing.T) {
	onOwnClock(t, func(t *testing.T) {
		sink := &sizes{}
		s := newService(t, sink, func(c *profiler.Config) {
			c.Queue.BatchEvents, c.Queue.FlushInterval = 10, time.Hour
		})
		settle()
		points(s, 19)
		settle()
		sink.want(t, "less than four batches")
		points(s, 1)
		settle()
		sink.want(t, "four batches", 10, 10, 10, 10)
		points(s, 50)
		settle()
		ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
		for range 100 { // one chunk is bigger than a batch
			_, p := profiler.Open(ctx, profiler.Opening{Name: "held", Held: true})
			defer p.Stop()
		}
		root.Stop()
		if err := s.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, n := range sink.each {
			sum += n
		}
		if slices.Max(sink.each) > 10 || sum != 40+100+102 {
			t.Errorf("%d records in batches of %v", sum, sink.each)
		}
	})
}

// TestBatchGoesAtOnce: a batch does not wait for others if it is to be of one record, or
// if half of the room is taken.
func TestBatchGoesAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		queue profiler.QueueConfig
		wait  int // points whose records do
		want  []int
	}{
		"of one record": {profiler.QueueConfig{BatchEvents: 1}, 0, []int{1, 1}},
		"half the room": {profiler.QueueConfig{BatchEvents: 10, MaxEvents: 30}, 7, []int{10}},
	} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				sink := &sizes{}
				c.queue.FlushInterval = time.Hour
				s := newService(t, sink, func(to *profiler.Config) { to.Queue = c.queue })
				settle()
				points(s, c.wait)
				settle()
				sink.want(t, "before")
				points(s, 1)
				settle()
				sink.want(t, "at once", c.want...)
				mustClose(t, s)
			})
		})
	}
}

// sizes is a sink that notes how many records each batch has.
type sizes struct{ each []int }

func (s *sizes) Notify(_ context.Context, events []record.Event) error {
	s.each = append(s.each, len(events))
	return nil
}

func (s *sizes) want(t *testing.T, when string, want ...int) {
	t.Helper()
	if !slices.Equal(s.each, want) {
		t.Errorf("%s: batches of %v, want %v", when, s.each, want)
	}
}

func TestNotifyTimeout(t *testing.T) {
	for name, c := range map[string]struct{ set, want time.Duration }{
		"default": {0, 10 * time.Second},
		"given":   {3 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				var took []time.Duration
				sink := &store{before: func(ctx context.Context, _ []record.Event) error {
					if len(took) == 2 {
						return nil
					}
					began := time.Now()
					<-ctx.Done()
					took = append(took, time.Since(began))
					return ctx.Err()
				}}
				s := newService(t, sink, func(cfg *profiler.Config) { cfg.Queue.NotifyTimeout = c.set })
				points(s, 1)
				time.Sleep(time.Minute)
				settle()
				if !slices.Equal(took, []time.Duration{c.want, c.want}) {
					t.Errorf("calls were given %v, want %v", took, c.want)
				}
				mustClose(t, s)
				if st := balanced(t, s); st.Acknowledged != 2 || st.Retries != 2 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// TestPauses: between two tries of a batch the queue waits, longer and longer
// up to five seconds, and no more than that.
func TestPauses(t *testing.T) {
	onOwnClock(t, func(t *testing.T) {
		var tries []time.Time
		s := newService(t, &store{before: func(context.Context, []record.Event) error {
			tries = append(tries, time.Now())
			return errDown
		}})
		points(s, 1)
		time.Sleep(time.Hour)
		settle()
		for i := range len(tries) - 1 {
			longest := min(100*time.Millisecond<<min(i, 20), 5*time.Second)
			if pause := tries[i+1].Sub(tries[i]); pause < longest/2 || pause > longest {
				t.Errorf("pause %d took %v, want half of %v to all of it", i, pause, longest)
			}
		}
		if len(tries) < 60*60/5 {
			t.Errorf("%d tries in an hour", len(tries))
		}
		_ = closeFast(s)
		balanced(t, s)
	})
}

// TestCloseGivesUp: after ten seconds if the context does not say when, and a
// second later if the sink does not even listen; and Close hurries.
func TestCloseGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		hangs          bool
		deadline, want time.Duration
	}{
		"dead":                     {false, 0, 10 * time.Second},
		"dead, with a deadline":    {false, 20 * time.Second, 20 * time.Second},
		"hanging":                  {true, 0, 11 * time.Second},
		"hanging, with a deadline": {true, time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				s, o := newOutage(t, c.hangs)
				points(s, 1)
				time.Sleep(time.Minute)
				ctx := context.Background()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				calls, began := o.calls.Load(), time.Now()
				err := s.Close(ctx)
				if took := time.Since(began); err == nil || took != c.want {
					t.Errorf("%v after %v, want an error after %v", err, took, c.want)
				}
				if n := o.calls.Load() - calls; !c.hangs && n < int64(c.want/(100*time.Millisecond)) {
					t.Errorf("%d tries while Close waits", n)
				}
				if st := balanced(t, s); st.Retries != uint64(o.calls.Load())-1 {
					t.Errorf("%d calls, %d retries", o.calls.Load(), st.Retries)
				}
				o.up.Store(true)
			})
		})
	}
}

// TestUnconfirmed: a batch whose fate is unknown once is unconfirmed, whatever
// later tries say; one that was certainly never sent is not delivered. Close
// says how many of each.
func TestUnconfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		answers []error // the last one for ever
		unsure  bool
	}{
		"never sent":              {[]error{errDown}, false},
		"unknown":                 {[]error{errSink}, true},
		"unknown first":           {[]error{errSink, errDown}, true},
		"unknown in between":      {[]error{errDown, errSink, errDown}, true},
		"unknown last":            {[]error{errDown, errDown, errSink}, true},
		"the sink panics":         {[]error{nil}, true},
		"refused in part, unsent": {[]error{&record.RejectedError{Indexes: []int{0}, Err: errSink}, errDown}, true},
	} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				answers := c.answers
				s := newService(t, &store{before: func(context.Context, []record.Event) error {
					err := answers[0]
					if err == nil {
						panic("boom")
					}
					if len(answers) > 1 {
						answers = answers[1:]
					}
					return err
				}})
				points(s, 3)
				time.Sleep(time.Minute)
				points(s, 2) // a batch of its own, which is never tried
				err := s.Close(context.Background())
				st := balanced(t, s)
				want := profiler.Dropped{Undelivered: 10}
				var unconfirmed uint64
				if c.unsure {
					want.Undelivered, unconfirmed = 4, 6
				}
				if refused := new(record.RejectedError); errors.As(c.answers[0], &refused) {
					unconfirmed, want.Rejected = 5, 1
				}
				if st.Dropped != want || st.Unconfirmed != unconfirmed {
					t.Errorf("%+v", st)
				}
				text := fmt.Sprintf("profiler: closed with %d records not delivered and %d unconfirmed", want.Undelivered, unconfirmed)
				if err == nil || err.Error() != text {
					t.Errorf("Close says %v, want %s", err, text)
				}
			})
		})
	}
}

// selfTexting panics with itself when it is asked for its text, and only then.
type selfTexting struct{}

func (v selfTexting) Error() string { panic(v) }

// panickingLog is a handler of a logger that panics.
type panickingLog struct{ slog.Handler }

func (panickingLog) Handle(context.Context, slog.Record) error { panic(selfPanicking{}) }

// TestAccountsSinkPanics: a sink that panics, or whose error does when it is
// looked at, has failed, and so has one whose panic cannot even be printed. A
// logger that panics changes nothing.
func TestAccountsSinkPanics(t *testing.T) {
	for name, fail := range map[string]func() error{
		"text":                func() error { panic("boom") },
		"with itself":         func() error { panic(selfPanicking{}) },
		"its text":            func() error { return selfTexting{} },
		"its text, rejected":  func() error { return &record.RejectedError{Indexes: []int{9}, Err: selfTexting{}} },
		"error, with itself":  func() error { return selfPanicking{} },
		"reason, with itself": func() error { return &record.RejectedError{Indexes: []int{9}, Err: selfPanicking{}} },
	} {
		for _, logPanics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, logPanics), func(t *testing.T) {
				onOwnClock(t, func(t *testing.T) {
					failed := false
					sink := &store{}
					sink.before = func(context.Context, []record.Event) error {
						if !failed {
							failed = true
							return fail()
						}
						return nil
					}
					s := newService(t, sink, func(c *profiler.Config) {
						if logPanics {
							c.Logger = slog.New(panickingLog{c.Logger.Handler()})
						}
					})
					points(s, 1)
					mustClose(t, s)
					if st := balanced(t, s); st.Acknowledged != 2 || st.Retries != 1 {
						t.Errorf("%+v", st)
					}
				})
			})
		}
	}
}
