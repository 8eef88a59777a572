package faults

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/agent"
	_ "github.com/sonde-go/sonde/drivers/postgresql"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/report"
)

// load is two services whose requests are all traced, until pause.
type load struct {
	services []*profiler.Service
	running  sync.WaitGroup
	quit     chan struct{}

	mu     sync.Mutex
	traces map[string]int // points by base id; guarded by mu
}

// newLoad makes services whose queues hold so many records, 0 for the usual number.
func newLoad(t *testing.T, s *site, queue int) *load {
	t.Helper()
	l := &load{traces: map[string]int{}}
	for _, name := range []string{"cart", "stock"} {
		store, err := drivers.Open(t.Context(), "agent://"+s.socket, drivers.Options{})
		if err != nil {
			t.Fatal(err)
		}
		svc, err := profiler.New(profiler.Config{
			Name: name, Project: "faults", Sink: store, Closer: store, Logger: slog.New(slog.DiscardHandler),
			Queue: profiler.QueueConfig{MaxEvents: queue, FlushInterval: 10 * time.Millisecond, NotifyTimeout: 5 * time.Second},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = svc.Close(ctx)
		})
		l.services = append(l.services, svc)
	}
	return l
}

// resume lets requests come in: about a thousand records a second and service, more
// or less, in traces of 1 to 20 points.
func (l *load) resume() {
	l.quit = make(chan struct{})
	for _, svc := range l.services {
		l.running.Go(func() {
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-l.quit:
					return
				case <-pace.C:
					l.request(svc)
				}
			}
		})
	}
}

func (l *load) request(svc *profiler.Service) {
	id, points := header.NewID(), 1+rand.IntN(20)
	ctx, root := svc.BeginAs(context.Background(), id, profiler.Opening{Name: "http"})
	for range points - 1 {
		_, p := profiler.Start(ctx, "db", slog.String("statement", "SELECT 1"))
		p.Stop()
	}
	root.Stop()
	l.mu.Lock()
	l.traces[id.String()] = points
	l.mu.Unlock()
}

// done is how many requests there were.
func (l *load) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.traces)
}

// more waits until n more requests have been served: no fault stops them.
func (l *load) more(t *testing.T, n int) {
	t.Helper()
	from := l.done()
	watchdog.Until(t, "requests", func() bool { return l.done() >= from+n })
}

// dropping waits until the services have dropped records because their queues are full.
func (l *load) dropping(t *testing.T) {
	t.Helper()
	from := l.figures().Dropped.QueueFull
	watchdog.Until(t, "records that are dropped", func() bool { return l.figures().Dropped.QueueFull > from })
}

// stop ends the requests.
func (l *load) stop() {
	close(l.quit)
	l.running.Wait()
}

// pause stops the load and waits until all that was recorded is acknowledged or dropped.
func (l *load) pause(t *testing.T) {
	t.Helper()
	l.stop()
	for _, svc := range l.services {
		watchdog.Until(t, "the acknowledgement of all records", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return svc.Flush(ctx) == nil
		})
	}
}

// figures is the sum of what became of the services' records.
func (l *load) figures() (sum profiler.Delivery) {
	for _, svc := range l.services {
		d := svc.Stats().Delivery
		sum.Recorded += d.Recorded
		sum.Acknowledged += d.Acknowledged
		sum.Unconfirmed += d.Unconfirmed
		sum.Waiting += d.Waiting
		sum.Retries += d.Retries
		sum.Dropped.QueueFull += d.Dropped.QueueFull
		sum.Dropped.Rejected += d.Dropped.Rejected
		sum.Dropped.Undelivered += d.Dropped.Undelivered
		sum.Dropped.Closed += d.Dropped.Closed
	}
	return sum
}

// check compares the services' accounts with what has come to the store.
func (l *load) check(t *testing.T, s *site) {
	t.Helper()
	var f profiler.Delivery
	var all, distinct uint64
	var err error
	defer func() {
		t.Logf("so far: %d requests, %d records recorded, %d stored, %d acknowledged, %+v, %d waiting, %d unconfirmed, %d batches sent again, %v",
			l.done(), f.Recorded, distinct, f.Acknowledged, f.Dropped, f.Waiting, f.Unconfirmed, f.Retries, err)
	}()
	// Services tell of what they dropped by records that come last.
	watchdog.Until(t, "as many records in the store as were acknowledged, and accounts that balance", func() bool {
		f = l.figures()
		all, distinct, err = s.stored(t)
		return err == nil && distinct == f.Acknowledged && f.Waiting == 0 && f.Unconfirmed == 0 && f.Recorded == f.Acknowledged+f.Dropped.Total()
	})
	if all != distinct {
		t.Logf("%d records are stored twice, which readers ignore", all-distinct)
	}
	if f.Dropped.Total() == 0 {
		l.whole(t, s)
	}
}

// whole reads some of the traces, each of which has its points, once.
func (l *load) whole(t *testing.T, s *site) {
	t.Helper()
	store, err := drivers.Open(t.Context(), s.store, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	read := 0
	for base, points := range l.traces { // in an order that differs each time
		r, err := report.Build(store.Records(t.Context(), base))
		if err != nil {
			t.Fatal(err)
		}
		if r.Len() != points {
			t.Errorf("the report of %s has %d points instead of %d", base, r.Len(), points)
		}
		if read++; read == 50 {
			return
		}
	}
}
