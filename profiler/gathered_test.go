package profiler

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

type nowhere struct{}

func (nowhere) Notify(context.Context, []record.Event) error { return nil }

func quietService(t *testing.T) *Service {
	t.Helper()
	s, err := New(Config{Name: "svc", Sink: nowhere{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// TestAddIsConstant: a point that is added to for ever holds no more than its
// 16 KiB, and a call costs the same however many went before: places of
// replaced fields are few, and keys are found by hash.
func TestAddIsConstant(t *testing.T) {
	for name, key := range map[string]func(i int) string{
		"one key":         func(int) string { return "k" },
		"a hundred keys":  func(i int) string { return fmt.Sprint(i % 100) },
		"always new keys": func(i int) string { return fmt.Sprint(i) },
	} {
		t.Run(name, func(t *testing.T) {
			s := quietService(t)
			add := func(p Point, from, n int) (allocated uint64) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for i := range n {
					p.Add(slog.Int(key(from+i), i))
				}
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc
			}
			_, p := s.Begin(context.Background(), Opening{Name: "p"})
			add(p, 0, 10_000)
			if n := add(p, 10_000, 10_000); n > 10<<20 { // no map is made anew for each
				t.Errorf("10,000 more calls allocate %d bytes", n)
			}
			g := p.n.added
			sum := 0
			for i := range g.fields {
				if f := &g.fields[i]; f.value != nil {
					sum += f.bytes()
					if g.find(f.key) != i {
						t.Fatalf("%q is not found in its place", f.key)
					}
				}
			}
			if g.bytes != sum || sum > maxGathered || len(g.fields) > 2*g.live+fewFields+1 {
				t.Errorf("%d bytes, counted as %d, in %d places for %d fields", sum, g.bytes, len(g.fields), g.live)
			}
			if g.live > fewFields && len(g.at) != g.live {
				t.Errorf("%d of %d keys are found by hash", len(g.at), g.live)
			}
			p.Stop()
		})
	}
}

// TestAddedInOrder: what was given last stands last, replaced or not.
func TestAddedInOrder(t *testing.T) {
	g, b := &gathered{}, budgets{{}}
	b[0].init(1<<20, 100)
	for i := range 300 {
		g.put(field{key: fmt.Sprint(i % 70), value: []byte(fmt.Sprint(i))}, b)
	}
	e := newEncoder(quietService(t))
	defer e.free()
	e.gathered(g, nil, &Ending{})
	var want strings.Builder
	for i := 230; i < 300; i++ {
		fmt.Fprintf(&want, `"%d":%d,`, i%70, i)
	}
	if got := string(e.buf); got != want.String() || e.truncated {
		t.Errorf("got %s", got)
	}
}

// TestAddBeyondTheLimit: what has no room is left out, an older value of its
// key with it, and that is told.
func TestAddBeyondTheLimit(t *testing.T) {
	g, b := &gathered{}, budgets{{}}
	b[0].init(1<<20, 100)
	big := []byte(`"` + strings.Repeat("x", 10<<10) + `"`)
	g.put(field{key: "old", value: []byte("1")}, b)
	g.put(field{key: "big", value: big}, b)
	if g.cut || !g.put(field{key: "small", value: []byte("2")}, b) {
		t.Error("no room")
	}
	if g.put(field{key: "old", value: big}, b) || !g.cut || g.find("old") >= 0 || g.live != 2 {
		t.Errorf("%d fields, cut %v", g.live, g.cut)
	}
	g.append("list", []byte(`{"n":1}`), b)
	g.append("list", big, b)
	if i := g.find("list"); i < 0 || string(g.fields[i].value) != `[{"n":1}]` {
		t.Errorf("the list is at %d", i)
	}
	if i := g.find("list_left_out"); i < 0 || string(g.fields[i].value) != "1" {
		t.Errorf("the count is at %d", i)
	}
}

// TestGatheredCountsAsMemory: what open points have gathered counts against
// MaxBytes, and is given back when they end, or are collected without an end.
func TestGatheredCountsAsMemory(t *testing.T) {
	const maxBytes = 1 << 20
	s, err := New(Config{Name: "svc", Sink: nowhere{}, Queue: QueueConfig{MaxBytes: maxBytes}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	text := slog.String("text", strings.Repeat("x", 8<<10))
	taken := func() int64 {
		bytes, _ := split(s.queue.outlets[0].budget.taken.Load())
		return bytes
	}
	ctx, root := s.Begin(context.Background(), Opening{Name: "root"})
	var points []Point
	for range 500 { // which is four times what there is room for
		_, p := Start(ctx, "open")
		p.Add(text)
		points = append(points, p)
	}
	if n := taken(); n > maxBytes || n < maxBytes/2 {
		t.Errorf("%d bytes are taken, of %d", n, maxBytes)
	}
	for _, p := range points[:250] {
		p.Stop()
	}
	points = nil
	root.Stop()
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	watchdog.Until(t, "everything to be given back", func() bool {
		runtime.GC()
		return taken() == 0
	})
	if st := s.Stats(); st.Truncated == 0 {
		t.Errorf("nothing was cut: %+v", st)
	}
}
