// Package load feeds a driver from a service while a test does something to the
// driver's store, and checks the service's accounts afterwards.
package load

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/profiler"
)

// Load is a service that feeds a driver.
type Load struct{ *profiler.Service }

// Start makes a service that sends its records as soon as it can and allows the
// driver notifyTimeout for a batch. It is closed at the end of the test.
func Start(t *testing.T, d *drivers.Store, notifyTimeout time.Duration) *Load {
	t.Helper()
	return StartSmall(t, d, notifyTimeout, 0)
}

// StartSmall is Start with a queue that holds only the given number of records.
func StartSmall(t *testing.T, d *drivers.Store, notifyTimeout time.Duration, records int) *Load {
	t.Helper()
	s, err := profiler.New(profiler.Config{Name: "checkout", Sink: d, Logger: slog.New(slog.DiscardHandler),
		Queue: profiler.QueueConfig{FlushInterval: time.Millisecond, NotifyTimeout: notifyTimeout, MaxEvents: records}})
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

// Until waits until ok accepts the service's figures. what names them in the
// failure.
func (l *Load) Until(t *testing.T, what string, ok func(profiler.Stats) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(l.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %s in vain: %+v", what, l.Stats())
		}
	}
}

// Acknowledged is for Until: n records or more are acknowledged.
func Acknowledged(n uint64) func(profiler.Stats) bool {
	return func(s profiler.Stats) bool { return s.Acknowledged >= n }
}

// Retried is for Until: n batches or more were sent again.
func Retried(n uint64) func(profiler.Stats) bool {
	return func(s profiler.Stats) bool { return s.Retries >= n }
}

// All closes the service, checks that it has lost nothing on the way to the store,
// and returns how many records there were.
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
