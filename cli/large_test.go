package cli

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// TestAllocLarge lists 10,000 traces and reads one of 100,000 points, without
// holding more than a part of them at once.
func TestAllocLarge(t *testing.T) {
	if race.Enabled {
		t.Skip("takes minutes under -race; runs without it too")
	}
	const traces, points, limit = 10_000, 100_000, 32 << 20
	for name, url := range map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string { return "sqlite:///" + filepath.Join(t.TempDir(), "large.db") },
		"redis":  func(t *testing.T) string { return "redis://" + servertest.Redis(t).Addr },
	} {
		t.Run(name, func(t *testing.T) {
			d, err := drivers.Open(t.Context(), url(t), drivers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			big := header.NewID()
			w := batches{t: t, d: d}
			for range traces - 1 {
				w.point(header.NewID())
			}
			for range points {
				w.point(big)
			}
			w.write()

			began := heapInUse()
			within := func(n int) {
				if n%20_000 != 1 {
					return
				}
				if now := heapInUse(); now > began+limit {
					t.Fatalf("after %d, %d MiB are held", n, (now-began)>>20)
				}
			}
			n := 0
			for _, err := range d.Traces(t.Context(), drivers.Query{}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				within(n)
			}
			if n != traces {
				t.Errorf("%d traces, want %d", n, traces)
			}
			n = 0
			for _, err := range d.Records(t.Context(), big.String()) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				within(n)
			}
			if n != 2*points {
				t.Errorf("%d records, want %d", n, 2*points)
			}
		})
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// batches writes points as the queue does, many at once.
type batches struct {
	t      *testing.T
	d      *drivers.Store
	events []record.Event
	n      int64
}

func (b *batches) point(base header.ID) {
	b.n++
	f := record.Fields{
		Name: "step", Trace: base, Parent: base, Point: header.NewID(), Project: "shop", Service: "api", Host: "h",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano() + b.n*int64(time.Millisecond),
		Info: []byte(`{"request":{"path":"/checkout","query":"","method":"GET","scheme":"http"},"host":"h"}`),
	}
	start := record.New(f)
	f.Phase, f.Time, f.Info = record.Stop, f.Time+1000, []byte(`{"host":"h"}`)
	if b.events = append(b.events, start, record.New(f)); len(b.events) >= 2000 {
		b.write()
	}
}

func (b *batches) write() {
	b.t.Helper()
	if err := b.d.Notify(context.Background(), b.events); err != nil {
		b.t.Fatal(err)
	}
	b.events = b.events[:0]
}
