// Package load has a service feed a driver while a test does something to the
// driver's store, and holds the service to its accounts afterwards.
package load

import (
	"context"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/profiler"
)

// Load is a service that feeds a driver.
type Load struct{ *profiler.Service }

// Start makes a service that sends its records as soon as it can and gives the
// driver so long for a batch. The test's end closes it.
func Start(t *testing.T, d *drivers.Store, notifyTimeout time.Duration) *Load {
	t.Helper()
	s, err := profiler.New(profiler.Config{Name: "checkout", Sink: d,
		Queue: profiler.QueueConfig{FlushInterval: time.Millisecond, NotifyTimeout: notifyTimeout}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx)
	})
	return &Load{s}
}

// Work records a trace of n points.
func (l *Load) Work(n int) {
	ctx, root := l.Begin(context.Background(), profiler.Opening{Name: "http"})
	for range n - 1 {
		_, p := profiler.Start(ctx, "db")
		p.Stop()
	}
	root.Stop()
}

// Until waits until the service's figures are as wanted.
func (l *Load) Until(t *testing.T, what string, ok func(profiler.Stats) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(l.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %s in vain: %+v", what, l.Stats())
		}
	}
}

// Acknowledged wants that many records taken by the store.
func Acknowledged(n uint64) func(profiler.Stats) bool {
	return func(s profiler.Stats) bool { return s.Acknowledged >= n }
}

// Retried wants that many batches sent again.
func Retried(n uint64) func(profiler.Stats) bool {
	return func(s profiler.Stats) bool { return s.Retries >= n }
}

// All closes the service, which must have lost nothing on its way to the
// store, and returns how many records there were.
func (l *Load) All(t *testing.T) uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	stats := l.Stats()
	if stats.Acknowledged != stats.Recorded {
		t.Errorf("%d of %d records were acknowledged: %+v", stats.Acknowledged, stats.Recorded, stats)
	}
	return stats.Recorded
}
