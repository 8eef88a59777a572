package traces

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// gated is a store whose reads wait until so many are on their way.
type gated struct {
	together int // how many wait for each other
	gate     chan struct{}
	terms    drivers.Terms
	broken   string // the trace that cannot be read

	mu            sync.Mutex
	running, most int // guarded by mu
}

// run counts a read, and opens the gate when there are enough.
func (g *gated) run() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running++; g.running > g.most {
		g.most = g.running
		if g.most == g.together {
			close(g.gate)
		}
	}
}

func (g *gated) end() {
	g.mu.Lock()
	g.running--
	g.mu.Unlock()
}

func (g *gated) Notify(context.Context, []record.Event) error { return nil }

func (g *gated) Close() error { return nil }

func (g *gated) Terms() drivers.Terms { return g.terms }

func (g *gated) Records(ctx context.Context, id string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		g.run()
		defer g.end()
		select {
		case <-g.gate:
		case <-ctx.Done():
			yield(record.Record{}, ctx.Err())
			return
		}
		time.Sleep(time.Millisecond) // for another that should not run now
		if id == g.broken {
			yield(record.Record{}, errors.New("broken"))
		}
	}
}

// tenTraces are t0 to t9.
func tenTraces(yield func(drivers.Trace, error) bool) {
	for i := range 10 {
		if !yield(drivers.Trace{ID: fmt.Sprint("t", i)}, nil) {
			return
		}
	}
}

// TestDigestedTogether: so many traces are read at a time and no more, whatever
// their order the list keeps its own, and one that cannot be read ends it.
func TestDigestedTogether(t *testing.T) {
	for name, tt := range map[string]struct {
		terms    drivers.Terms
		together int
		broken   string
		want     string
	}{
		"several readers": {drivers.Terms{}, readers, "", "t0 t1 t2 t3 t4 t5 t6 t7 t8 t9"},
		"one reader":      {drivers.Terms{OneReader: true}, 1, "", "t0 t1 t2 t3 t4 t5 t6 t7 t8 t9"},
		"broken":          {drivers.Terms{}, readers, "t5", "t0 t1 t2 t3 t4 broken"},
	} {
		g := &gated{together: tt.together, gate: make(chan struct{}), terms: tt.terms, broken: tt.broken}
		ended := make(chan string, 1)
		go func() {
			var got []string
			for l, err := range digested(t.Context(), drivers.NewStore("gated://", g), tenTraces) {
				if err != nil {
					l.ID = err.Error()[strings.LastIndexByte(err.Error(), ' ')+1:]
				}
				got = append(got, l.ID)
			}
			ended <- strings.Join(got, " ")
		}()
		if got := watchdog.Await(t, name, ended); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		if got := g.most; got != tt.together {
			t.Errorf("%s: %d at a time, want %d", name, got, tt.together)
		}
	}
}

// TestDigestedStops: what reads a list may stop in the middle, and nothing goes on.
func TestDigestedStops(t *testing.T) {
	g := &gated{together: readers, gate: make(chan struct{})}
	for l := range digested(t.Context(), drivers.NewStore("gated://", g), tenTraces) {
		if l.ID == "t2" {
			break
		}
	}
	if n := g.running; n != 0 {
		t.Errorf("%d reads go on", n)
	}
}
