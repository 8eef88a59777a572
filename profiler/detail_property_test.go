package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/profile"
)

// step is something that a random program does.
type step struct {
	point int // that is opened or ended
	below int // the point that it is opened below
	end   bool
	fails bool
	flush bool
	name  string
	about string
	at    time.Duration
}

// randomProgram opens and ends points, of which some outlive those they are below.
func randomProgram(r *rand.Rand) (steps []step) {
	at := time.Duration(r.IntN(2000))
	open := []int{0}
	points := 1
	for range 20 + r.IntN(300) {
		at += time.Duration(1 + r.IntN(9)*r.IntN(2000))
		switch {
		case r.IntN(40) == 0:
			steps = append(steps, step{flush: true})
		case len(open) == 1 || r.IntN(3) > 0 && len(open) < 12:
			s := step{point: points, at: at, below: open[len(open)-1], name: fmt.Sprint("n", r.IntN(5)), about: fmt.Sprintf("SELECT %d FROM t%d", r.IntN(3), r.IntN(2))}
			if r.IntN(2) == 0 {
				s.below = open[r.IntN(len(open))]
			}
			steps = append(steps, s)
			open = append(open, points)
			points++
		default:
			i := len(open) - 1
			if r.IntN(8) == 0 {
				i = 1 + r.IntN(i)
			}
			steps = append(steps, step{point: open[i], end: true, fails: r.IntN(15) == 0, at: at})
			open = append(open[:i], open[i+1:]...)
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		at += time.Duration(1 + r.IntN(5000))
		steps = append(steps, step{point: open[i], end: true, at: at})
	}
	return steps
}

// perform runs a program and returns its report.
func perform(t *testing.T, steps []step, d profiler.Detail) (*report.Report, profiler.Stats) {
	t.Helper()
	st := &store{}
	s := newService(t, st, func(c *profiler.Config) { c.Detail, c.Queue.FlushInterval = d, time.Hour })
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	points, contexts := map[int]profiler.Point{}, map[int]context.Context{}
	contexts[0], points[0] = s.Begin(context.Background(), profiler.Opening{Name: "root", Time: began})
	for _, at := range steps {
		switch {
		case at.flush:
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		case at.end:
			end := profiler.Ending{Time: began.Add(at.at)}
			if at.fails {
				end.Err = errors.New("no")
			}
			points[at.point].End(end)
		default:
			o := profiler.Opening{Name: at.name, Time: began.Add(at.at)}
			var attrs []slog.Attr
			if at.name == "n0" {
				o.Layer, attrs = layer.SQL, []slog.Attr{statement(at.about)}
			}
			contexts[at.point], points[at.point] = profiler.Open(contexts[at.below], o, attrs...)
		}
	}
	mustClose(t, s)
	allBelowWritten(t, st.all())
	return reportOf(t, st.all()), balanced(t, s)
}

func reportOf(t *testing.T, events []record.Event) *report.Report {
	t.Helper()
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, e := range events {
			if !yield(record.Parse(e.JSON())) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDetailKeepsSums: whatever a Detail leaves out, the report counts as many points
// and the same times by name as if it had left out nothing.
func TestDetailKeepsSums(t *testing.T) {
	rounds := 50
	if os.Getenv("SONDE_TEST_ALL") != "" {
		rounds = 5000
	}
	left := 0
	for round := range rounds {
		r := rand.New(rand.NewPCG(13, uint64(round)))
		steps := randomProgram(r)
		d := profiler.Detail{Repeats: r.IntN(4), MinDuration: time.Duration(r.IntN(3)*r.IntN(20_000)) * time.Nanosecond}
		whole, _ := perform(t, steps, profiler.Detail{})
		less, stats := perform(t, steps, d)
		left += whole.Len() - less.Len()
		if int(stats.Condensed) < whole.Len()-less.Len() || whole.Points() != whole.Len() {
			t.Errorf("%d points fewer, and %d are counted", whole.Len()-less.Len(), stats.Condensed)
		}
		if less.Points() != whole.Len() || less.Duration() != whole.Duration() || len(less.Warnings) > 0 || less.Unfinished() > 0 {
			t.Errorf("%d points in %v, want %d in %v; %d without a stop; %v", less.Points(), less.Duration(), whole.Len(), whole.Duration(), less.Unfinished(), less.Warnings)
		}
		want, failed := map[string]report.Stat{}, 0
		for _, s := range whole.Stats {
			want[s.Name] = sums(s)
		}
		for _, s := range less.Stats {
			if sums(s) != want[s.Name] {
				t.Errorf("got %+v, want %+v", sums(s), want[s.Name])
			}
			delete(want, s.Name)
		}
		if len(want) > 0 {
			t.Errorf("nothing of %v", want)
		}
		for p := range whole.All() {
			if _, _, is := whole.Failure(p); is {
				failed++
			}
		}
		for p := range less.All() {
			if _, _, is := less.Failure(p); is {
				failed--
			}
		}
		if failed != 0 {
			t.Errorf("%d failed points are missing", failed)
		}
		a, b := profile.New(), profile.New()
		a.Add(whole)
		b.Add(less)
		if a.Points != b.Points || a.Total != b.Total {
			t.Errorf("a profile has %d points in %v, want %d in %v", b.Points, b.Total, a.Points, a.Total)
		}
		head, steps2 := findings.Steps(less, findings.Options{})
		path := time.Duration(0)
		for s := range steps2 {
			path += s.Path
		}
		if path != head.Duration {
			t.Errorf("the critical path is %v of %v", path, head.Duration)
		}
		if t.Failed() {
			t.Fatalf("round %d, %+v", round, d)
		}
	}
	if left < 20*rounds {
		t.Errorf("only %d points were left out", left)
	}
}

// sums are the exported fields of s.
func sums(s report.Stat) report.Stat {
	return report.Stat{Name: s.Name, Count: s.Count, Total: s.Total, Self: s.Self, Max: s.Max}
}

// TestDetailAtOnce: points below one point that run at once are all counted, whenever
// the records are handed over.
func TestDetailAtOnce(t *testing.T) {
	for _, interval := range []time.Duration{time.Hour, time.Millisecond} {
		t.Run(interval.String(), func(t *testing.T) { countAtOnce(t, interval) })
	}
}

func countAtOnce(t *testing.T, interval time.Duration) {
	st := &store{}
	s := newService(t, st, func(c *profiler.Config) {
		c.Detail = profiler.Detail{Repeats: 3, MinDuration: time.Minute}
		c.Queue.FlushInterval = interval
	})
	ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	const workers, each = 8, 200
	var all sync.WaitGroup
	for w := range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range each {
				in, p := profiler.Start(ctx, fmt.Sprint("outer", w%2))
				_, q := profiler.Open(in, query, statement("SELECT 1"))
				_, leaf := profiler.Open(ctx, query, statement("SELECT 2"))
				leaf.Stop()
				if i%50 == 0 {
					profiler.Sign(in)
				}
				if i%7 == 0 {
					p.Stop() // before what is below it
					q.Stop()
					continue
				}
				q.Stop()
				if i%60 == 1 {
					p.Fail(errors.New("no"))
				}
				p.Stop()
			}
		}()
	}
	all.Wait()
	root.Stop()
	mustClose(t, s)
	balanced(t, s)
	r := reportOf(t, st.all())
	if want := 1 + 3*workers*each; r.Points() != want || r.Unfinished() > 0 {
		t.Errorf("%d points, want %d; %d without a stop", r.Points(), want, r.Unfinished())
	}
	if int(s.Stats().Condensed) < r.Points()-r.Len() || interval == time.Hour && 2*r.Len() > r.Points() {
		t.Errorf("%d of %d points have records, and %d are counted elsewhere", r.Len(), r.Points(), s.Stats().Condensed)
	}
	allBelowWritten(t, st.all())
	if bytes, events := s.Taken(); bytes != 0 || events != 0 {
		t.Errorf("%d bytes and %d records are still taken", bytes, events)
	}
}

// TestSetDetail: what is set while the program runs is of traces that begin after that.
func TestSetDetail(t *testing.T) {
	st := &store{}
	s := newService(t, st)
	for _, d := range []profiler.Detail{{MinDuration: -1}, {Repeats: -1}, {Points: -1}, {Bytes: -1}, {Off: []string{""}}} {
		if err := s.SetDetail(d); err == nil {
			t.Errorf("%+v is taken", d)
		}
	}
	before, root := s.Begin(context.Background(), profiler.Opening{Name: "root"})
	off := []string{"db"}
	if err := s.SetDetail(profiler.Detail{Off: off}); err != nil {
		t.Fatal(err)
	}
	off[0] = "other"
	if got := s.Detail().Off; len(got) != 1 || got[0] != "db" {
		t.Errorf("got %q", got)
	}
	after, second := s.Begin(context.Background(), profiler.Opening{Name: "second"})
	for ctx, want := range map[context.Context]bool{before: true, after: false} {
		in, p := profiler.Open(ctx, query)
		if p.Active() != want {
			t.Errorf("recorded is %v, want %v", p.Active(), want)
		}
		signed, ok := profiler.Sign(in) // of the point, or of the one above
		if !ok || signed.Info == "" {
			t.Error("not signed")
		}
		p.Stop()
	}
	second.Stop()
	root.Stop()
	if err := s.SetDetail(profiler.Detail{}); err != nil || len(s.Detail().Off) != 0 {
		t.Error(err, s.Detail())
	}
	mustClose(t, s)
	if got := reportOf(t, st.all()).Off(); len(got) != 1 || got[0] != "db" {
		t.Errorf("the report knows that %q is off", got)
	}
	if err := (*profiler.Service)(nil).SetDetail(profiler.Detail{}); err != nil {
		t.Error(err)
	}
}

// TestDetailLimits: a trace that the program has begun is limited too.
func TestDetailLimits(t *testing.T) {
	for name, limit := range map[string]func(*profiler.Config){
		"points of a Detail": func(c *profiler.Config) { c.Detail.Points = 5 },
		"bytes of a Detail":  func(c *profiler.Config) { c.Detail.Bytes = 200 },
		"points of the hook": func(c *profiler.Config) { c.Limits.TracePoints = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			st := &store{}
			s := newService(t, st, limit, func(c *profiler.Config) {
				c.Sampler = profiler.Admit(func(context.Context, profiler.Arrival) bool { return true })
			})
			in := s.Receive(context.Background(), profiler.Arrival{Layer: "http", Kind: layer.Server}, profilertest.Headers{})
			ctx, root := in.Open(context.Background(), profiler.Opening{Name: "root"})
			for range 20 {
				_, p := profiler.Start(ctx, "p")
				p.Stop()
			}
			root.Stop()
			mustClose(t, s)
			left := s.Stats().LeftOut
			r := reportOf(t, st.all())
			if left == 0 || r.Len()+int(left) != 21 || r.Lost() != int64(2*left) {
				t.Errorf("%d are left out of %d, and %d records are lost", left, r.Len(), r.Lost())
			}
		})
	}
}
