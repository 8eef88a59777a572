package timeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// point is a point of a trace, in microseconds.
type point struct {
	id, parent    string
	service, host string
	kind          string
	from, to      int // to < 0: it has no stop
}

func read(t testing.TB, points []point) *report.Report {
	t.Helper()
	var out strings.Builder
	line := func(p *point, half string, at int) {
		fmt.Fprintf(&out, `{"name":"job-%s","base_id":"t","trace_id":%q,"parent_id":%q,"timestamp":"2026-01-02T03:04:%02d.%06d","service":%q,"info":{"host":%q,"sonde":{"kind":%q}}}`+"\n",
			half, p.id, p.parent, 5+at/1e6, at%1e6, p.service, p.host, p.kind)
	}
	for i := range points {
		p := &points[i]
		line(p, "start", p.from)
		if p.to >= 0 {
			line(p, "stop", p.to)
		}
	}
	r, err := report.Read([]byte(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// random is a trace in which ties, overlaps, circles and points that outlast those
// above them are common.
func random(rnd *rand.Rand, hosts int, ended bool) (list []point) {
	n := 1 + rnd.IntN(40)
	for i := range n {
		host := fmt.Sprint("h", rnd.IntN(hosts))
		p := point{id: fmt.Sprint("p", i), parent: "t", service: "s", host: host, from: rnd.IntN(20), kind: "internal"}
		if i > 0 {
			p.parent = fmt.Sprint("p", rnd.IntN(min(n, i+1+rnd.IntN(2))))
		}
		p.to = p.from + rnd.IntN(12)
		if !ended && rnd.IntN(8) == 0 {
			p.to = -1
		}
		list = append(list, p)
	}
	return list
}

// TestLanes: each span is drawn once, with its true length, and what shares a lane
// nests the way the points do, or comes one after the other.
func TestLanes(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		points := random(rnd, 1+int(seed%3), seed%2 == 0)
		l := Lay(New(read(t, points), report.Options{}))
		drawn := make([]int, len(l.Spans))
		for lane := range l.Lanes {
			var open []int32
			now := time.Duration(0)
			at := func(moment time.Duration) {
				if moment < now {
					t.Fatalf("seed %d: time goes back on lane %d", seed, lane)
				}
				now = moment
			}
			l.Events(lane, func(i int32) bool {
				s := &l.Spans[i]
				at(s.From)
				if drawn[i]++; int(s.Lane) != lane || l.Processes[l.Lanes[lane].Process] != (Process{s.Point.Service, s.Point.Host}) {
					t.Fatalf("seed %d: span %d is on the lane of another process", seed, i)
				}
				if len(open) > 0 && open[len(open)-1] != s.Above {
					t.Fatalf("seed %d: span %d is drawn inside one that is not above it", seed, i)
				}
				open = append(open, i)
				return true
			}, func(i int32) bool {
				at(l.Spans[i].To)
				if open[len(open)-1] != i {
					t.Fatalf("seed %d: span %d ends before what is inside it", seed, i)
				}
				open = open[:len(open)-1]
				return true
			})
			if len(open) > 0 {
				t.Fatalf("seed %d: %d spans of lane %d do not end", seed, len(open), lane)
			}
		}
		for i, n := range drawn {
			if n != 1 {
				t.Fatalf("seed %d: span %d is drawn %d times", seed, i, n)
			}
		}
		if len(drawn) != len(points) {
			t.Fatalf("seed %d: %d spans of %d points", seed, len(drawn), len(points))
		}
	}
}

// TestSelf: where clocks agree and all has ended, the times are the report's; self is
// never negative.
func TestSelf(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		ended := seed%2 == 0
		tl := New(read(t, random(rnd, 1, ended)), report.Options{})
		for i := range tl.Spans {
			s := &tl.Spans[i]
			if s.Self < 0 || s.Self > s.Length() || s.From < 0 || s.To > tl.Length {
				t.Fatalf("seed %d: %+v", seed, s)
			}
			if p := s.Point; ended && (s.Self != p.Self() || s.From != p.Start() || s.To != p.Stop()) {
				t.Fatalf("seed %d: %+v, want self %v from %v to %v", seed, s, p.Self(), p.Start(), p.Stop())
			}
		}
	}
}

// TestUnfinished: a point without a stop has run until the last record, or until now,
// and what it did since its children ended is its own.
func TestUnfinished(t *testing.T) {
	r := read(t, []point{{id: "a", parent: "t", from: 0, to: -1}, {id: "b", parent: "a", from: 10, to: 30}, {id: "c", parent: "a", from: 40, to: -1}})
	for now, want := range map[time.Time][2]time.Duration{
		{}:                                    {20, 0},
		r.Began().Add(100 * time.Microsecond): {20, 60},
	} {
		tl := New(r, report.Options{Now: now})
		end := max(40*time.Microsecond, now.Sub(r.Began()))
		if tl.Spans[0].To != end || tl.Spans[2].To != end || tl.Spans[0].Self != want[0]*time.Microsecond || tl.Spans[2].Self != want[1]*time.Microsecond {
			t.Errorf("%v: %+v", now, tl.Spans)
		}
	}
}

// TestSkew: the clock of another host is put on the root's.
func TestSkew(t *testing.T) {
	const off = 2_000_000
	points := []point{{"root", "t", "a", "h1", "server", off, off + 1000}}
	for i := range 5 {
		at, id := off+100+i*150, fmt.Sprint("call", i)
		points = append(points, point{id, "root", "a", "h1", "client", at, at + 100},
			point{id + "s", id, "b", "h2", "server", at + 40 - off, at + 60 - off})
	}
	tl := New(read(t, points), report.Options{})
	if tl.Length != time.Millisecond || tl.Spans[0].From != 0 {
		t.Fatalf("%+v", tl.Spans)
	}
	for i := range tl.Spans[1:] {
		s := &tl.Spans[i+1]
		if above := &tl.Spans[s.Above]; s.From < above.From || s.To > above.To {
			t.Errorf("%s runs from %v to %v outside of %s", s.Point.ID(), s.From, s.To, above.Point.ID())
		}
		if strings.HasSuffix(s.Point.ID(), "s") != (s.Self == 20*time.Microsecond) {
			t.Errorf("%s: self %v", s.Point.ID(), s.Self)
		}
	}
	if got := tl.Began.Format("05.000000"); got != "07.000000" {
		t.Errorf("began at %s", got)
	}
}

// TestHostile: whatever is recorded is laid out, and siblings that all overlap are no
// work that grows with their square.
func TestHostile(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		l := Lay(New(trace.Report(t), report.Options{}))
		if len(l.Spans) != l.Len() {
			t.Errorf("%s: %d spans of %d points", trace.Name, len(l.Spans), l.Len())
		}
	}
	const n = 5000
	points := []point{{id: "root", parent: "t", from: 0, to: 100000}}
	for i := range n {
		points = append(points, point{id: fmt.Sprint(i), parent: "root", from: i % 100, to: 10000 + n - i})
	}
	l := Lay(New(read(t, points), report.Options{}))
	if len(l.Lanes) != n || len(l.Crossings()) != n-1 {
		t.Errorf("%d lanes, %d crossings", len(l.Lanes), len(l.Crossings()))
	}
}
