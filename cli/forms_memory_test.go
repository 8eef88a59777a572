package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/report"
)

// liveHeap is the memory that is in use now, without garbage.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// weigher is a writer that looks a few times how much memory is in use.
type weigher struct {
	written, next, every int64
	most                 int64
}

func (w *weigher) Write(b []byte) (int, error) {
	w.written += int64(len(b))
	if w.written >= w.next {
		w.next = w.written + w.every
		w.most = max(w.most, liveHeap())
	}
	return len(b), nil
}

// TestAllocForms: forms for big traces write them as they go, and hold no second copy:
// a few numbers for each point at most.
func TestAllocForms(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under -race; runs without it too")
	}
	const points, most = 20_000, 128 // bytes a point
	var text strings.Builder
	for i := range points {
		parent := i / 8
		for k, half := range []string{"start", "stop"} {
			fmt.Fprintf(&text, `{"name":"db-%s","base_id":"b","trace_id":"p%d","parent_id":"p%d","timestamp":"2026-01-02T03:04:%02d.%06d","service":"s%d","info":{"host":"h","db":{"statement":"SELECT a, b, c FROM items WHERE id = %d"}}}`+"\n",
				half, i, parent-1, 5+i/20000, i*7%900000+k*5, i%3, i)
		}
	}
	r, err := report.Read([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	text.Reset()
	for _, form := range builtIn() {
		if !slices.Contains([]string{"perfetto", "chrome", "speedscope", "pprof", "folded", "dot", "otlp", "csv"}, form.Name) {
			continue // they look for findings, and some are a part of the trace
		}
		var size weigher
		size.next = 1 << 62
		if err := form.Write(&size, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		began := liveHeap()
		w := weigher{every: 1 + size.written/10}
		if err := form.Write(&w, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		per := (w.most - began) / points
		t.Logf("%-10s %d bytes a point written, %d held", form.Name, w.written/points, per)
		if per > most {
			t.Errorf("%s holds %d bytes a point", form.Name, per)
		}
	}
	runtime.KeepAlive(r)
}
