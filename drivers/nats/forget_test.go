package nats

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
)

// requests counts what is asked of JetStream by the name of the request.
func requests(t *testing.T, url string) func(prefix string) int {
	t.Helper()
	c, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	sub, err := c.SubscribeSync("$JS.API.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return func(prefix string) (n int) {
		t.Helper()
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		for {
			m, err := sub.NextMsg(time.Millisecond)
			if err != nil {
				return n
			}
			if strings.HasPrefix(m.Subject, "$JS.API."+prefix) {
				n++
			}
		}
	}
}

// write stores traces of two records each.
func write(t *testing.T, d *drivers.Store, traces int, age time.Duration) (bases []string) {
	t.Helper()
	for range traces {
		events := drivertest.Trace(2, age)
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		bases = append(bases, events[0].Trace().String())
	}
	return bases
}

// ofDays is how many purges rid the index of the day on which traces of this age began:
// two, if nothing of that day is kept.
func ofDays(age time.Duration, olderThan time.Time) int {
	events := drivertest.Trace(1, age)
	if time.Unix(0, events[0].Time()).UTC().Format(time.DateOnly) < olderThan.UTC().Format(time.DateOnly) {
		return 2
	}
	return 0
}

// TestPruneAtOnce: what comes before the oldest trace that is kept is one
// request, whatever it holds; each old trace behind that is one more.
func TestPruneAtOnce(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	write(t, d, 300, -2*time.Hour)
	kept := write(t, d, 1, 0)
	write(t, d, 20, -2*time.Hour)
	kept = append(kept, write(t, d, 5, 0)...)

	count := requests(t, s.URL)
	limit := time.Now().Add(-2 * time.Hour)
	n, err := d.Prune(t.Context(), limit)
	if err != nil || n != 320 {
		t.Errorf("Prune: %d, %v, want 320", n, err)
	}
	if n, days := count("STREAM.PURGE."), ofDays(-2*time.Hour, limit); n != 42+days {
		t.Errorf("%d purges, want two of all, two for each of 20 traces, and %d of days", n, days)
	}
	if n := stored(t, d); n != uint64(2*len(kept)) {
		t.Errorf("%d records are left, want %d", n, 2*len(kept))
	}
	for _, base := range kept {
		n := 0
		for _, err := range d.Records(t.Context(), base) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d records of a trace that is kept, want 2", n)
		}
	}
}

// TestPruneAll: a stream of old traces is two requests, one for the index, and those for its days.
func TestPruneAll(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	write(t, d, 300, -2*time.Hour)
	count := requests(t, s.URL)
	limit := time.Now().Add(-2 * time.Hour)
	if n, err := d.Prune(t.Context(), limit); n != 300 || err != nil {
		t.Errorf("Prune: %d, %v, want 300", n, err)
	}
	if n, days := count("STREAM.PURGE."), ofDays(-2*time.Hour, limit); n != 2+days {
		t.Errorf("%d purges, want two of all and %d of days", n, days)
	}
	if n := stored(t, d); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// TestPruneLeaves: what others keep in the stream, and what cannot be read,
// stays where it is.
func TestPruneLeaves(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := inside(d).js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OSPROFILER", Subjects: []string{"OSPROFILER.>"}}); err != nil {
		t.Fatal(err)
	}
	put(t, s.URL, "OSPROFILER.of.another", "{}")
	write(t, d, 10, -2*time.Hour)
	put(t, s.URL, "OSPROFILER.unreadable", "{}")
	write(t, d, 10, -2*time.Hour)
	if n, err := d.Prune(t.Context(), time.Now().Add(-2*time.Hour)); n != 20 || err != nil {
		t.Errorf("Prune: %d, %v, want 20", n, err)
	}
	if n := messages(t, s.URL, "OSPROFILER"); n != 1 {
		t.Errorf("%d messages are left, want the one that is no record", n)
	}
	for _, others := range []string{"OSPROFILER.of.another", "OSPROFILER.unreadable"} {
		if n := under(t, s.URL, "OSPROFILER", others); n != 1 {
			t.Errorf("%d messages are left of %s, want 1", n, others)
		}
	}
	if n := under(t, s.URL, "OSPROFILER", "OSPROFILER.index.trace.>"); n != 0 {
		t.Errorf("%d traces are left in the index", n)
	}
}

// TestPruneBesideWriters: nothing that is written meanwhile is lost, and no
// writer fails; no more purges than a few are asked for at the same time.
func TestPruneBesideWriters(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	first := write(t, d, 1, 0)
	old := write(t, d, 200, -2*time.Hour)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // tells a hang from an end
	defer cancel()
	most := inFlight(t, s.URL)
	w := openURL(t, s.URL, drivers.Options{Logger: quiet.Logger})
	var done atomic.Bool
	written := make(chan int)
	go func() {
		n := 0
		for !done.Load() && ctx.Err() == nil {
			if err := w.Notify(ctx, drivertest.Trace(2, 0)); err != nil {
				t.Errorf("Notify beside Prune: %v", err)
				break
			}
			n += 2
		}
		written <- n
	}()
	n, err := d.Prune(ctx, time.Now().Add(-2*time.Hour))
	done.Store(true)
	if n != len(old) || err != nil {
		t.Errorf("Prune: %d, %v, want %d", n, err, len(old))
	}
	want := uint64(<-written + 2*len(first))
	if n := stored(t, d); n != want {
		t.Errorf("%d records are left, want %d", n, want)
	}
	if n := most(); n > purges || n == 0 {
		t.Errorf("%d purges at the same time, want at most %d", n, purges)
	}
}

// inFlight watches how many purges wait for their answers at the same time.
func inFlight(t *testing.T, url string) (most func() int) {
	t.Helper()
	c, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	// One subscription, since it is in order: what comes is a request, or the
	// answer to one.
	sub, err := c.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return func() (top int) {
		t.Helper()
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		open := map[string]bool{}
		for {
			m, err := sub.NextMsg(time.Millisecond)
			switch {
			case err != nil:
				return top
			case strings.HasPrefix(m.Subject, "$JS.API.STREAM.PURGE."):
				open[m.Reply] = true
				top = max(top, len(open))
			default:
				delete(open, m.Subject)
			}
		}
	}
}
