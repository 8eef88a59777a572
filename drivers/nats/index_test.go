package nats

import (
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/record"
)

func newest(t *testing.T, d *drivers.Store, n int) (ids []string) {
	t.Helper()
	for tr, err := range d.Traces(t.Context(), drivers.Query{Limit: n}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, tr.ID)
	}
	return ids
}

// TestIndex lists traces of several days by the index, those too that were entered late
// or left nothing but an entry.
func TestIndex(t *testing.T) {
	s := natstest.JetStream(t)
	d := openURL(t, s.URL, quiet)
	var want []string
	for _, offset := range []time.Duration{-72 * time.Hour, -time.Minute, -49 * time.Hour, 0, time.Millisecond, 61 * time.Second} {
		events := drivertest.Trace(2, offset)
		// The later record comes first.
		for i := range 2 {
			if err := d.Notify(t.Context(), events[1-i:2-i]); err != nil {
				t.Fatal(err)
			}
		}
		want = append(want, events[0].Trace().String())
	}
	order := []int{5, 4, 3, 1, 2, 0}
	for i, n := range order {
		order[i], want = n, append(want, want[n])
	}
	want = want[len(order):]
	dead := time.Now().UTC()
	put(t, s.URL, "OSPROFILER.index.trace."+dead.Format(minuteLayout)+".05000006.gone", "")
	put(t, s.URL, "OSPROFILER.index.trace.x.y.z", "")
	put(t, s.URL, "OSPROFILER.index.minute."+dead.Format(dayLayout)+".x", "")
	for n := 1; n <= len(want)+1; n++ {
		if got := newest(t, d, n); !slices.Equal(got, want[:min(n, len(want))]) {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if err := d.Delete(t.Context(), want[0]); err != nil {
		t.Fatal(err)
	}
	if n := under(t, s.URL, "OSPROFILER", inside(d).config.entriesOf(want[0])); n != 0 {
		t.Errorf("%d entries of a deleted trace", n)
	}
	if n, err := d.Prune(t.Context(), time.Now().Add(-25*time.Hour)); n != 2 || err != nil {
		t.Errorf("Prune: %d, %v, want 2", n, err)
	}
	if got := newest(t, d, 10); !slices.Equal(got, want[1:4]) {
		t.Errorf("after Prune: %q, want %q", got, want[1:4])
	}
	for _, day := range []time.Duration{-72 * time.Hour, -49 * time.Hour} {
		events := drivertest.Trace(1, day)
		if n := under(t, s.URL, "OSPROFILER", "OSPROFILER.index.*."+time.Unix(0, events[0].Time()).UTC().Format(dayLayout)+".>"); n != 0 {
			t.Errorf("%d minutes of a day without traces are left", n)
		}
	}
}

// TestEnteredAgain: a trace that goes on after it was deleted elsewhere is in the index
// again after a while.
func TestEnteredAgain(t *testing.T) {
	s := natstest.JetStream(t)
	d, other := openURL(t, s.URL, quiet), openURL(t, s.URL, quiet)
	events := drivertest.Trace(6, 0)
	base := events[0].Trace().String()
	entries := func() int { return under(t, s.URL, "OSPROFILER", inside(d).config.entriesOf(base)) }
	notify := func(events ...record.Event) {
		t.Helper()
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	notify(events[:2]...)
	notify(events[2])
	if n := entries(); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	if err := other.Delete(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	inside(d).entered.since = time.Now().Add(-2 * enterAgain)
	notify(events[3:]...)
	if got := newest(t, d, 5); !slices.Equal(got, []string{base}) {
		t.Errorf("%q, want %q", got, base)
	}
}
