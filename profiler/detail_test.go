package profiler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// script does things at times that it chooses itself: each step takes a millisecond.
type script struct {
	t   *testing.T
	now time.Time
	s   *profiler.Service
}

func (s *script) at(ms int) time.Time { return s.now.Add(time.Duration(ms) * time.Millisecond) }

func (s *script) open(ctx context.Context, from int, o profiler.Opening, attrs ...slog.Attr) (context.Context, profiler.Point) {
	o.Time = s.at(from)
	return profiler.Open(ctx, o, attrs...)
}

// call is a point without anything below it.
func (s *script) call(ctx context.Context, from, to int, o profiler.Opening, attrs ...slog.Attr) {
	_, p := s.open(ctx, from, o, attrs...)
	p.End(profiler.Ending{Time: s.at(to)})
}

// lines are what stores have got, shorter: name, and info without the host.
func lines(st *store) (list []string) {
	for _, e := range st.all() {
		var info map[string]json.RawMessage
		if err := json.Unmarshal(e.Info(), &info); err != nil {
			panic(err)
		}
		delete(info, "host")
		if string(info["sonde"]) == `{"kind":"internal"}` {
			delete(info, "sonde")
		}
		text, _ := json.Marshal(info)
		list = append(list, e.RecordName()+" "+string(text))
	}
	return list
}

var query = profiler.Opening{Name: "db", Layer: layer.SQL}

func statement(text string) slog.Attr { return slog.String("statement", text) }

func TestDetail(t *testing.T) {
	short := profiler.Detail{MinDuration: 3 * time.Millisecond}
	repeats := profiler.Detail{Repeats: 2}
	for _, c := range []struct {
		name string
		d    profiler.Detail
		do   func(s *script, ctx context.Context)
		want []string // without those of the root's start
	}{
		{"nothing is left out", profiler.Detail{}, func(s *script, ctx context.Context) {
			s.call(ctx, 1, 2, query, statement("SELECT 1"))
		}, []string{`db-start {"db":{"statement":"SELECT 1"}}`, `db-stop {}`, `root-stop {}`}},

		{"a layer is off", profiler.Detail{Off: []string{"db", "cache", "own"}}, func(s *script, ctx context.Context) {
			s.call(ctx, 1, 2, query)
			s.call(ctx, 2, 3, profiler.Opening{Name: "cache", Layer: layer.Function})
			s.call(ctx, 3, 4, profiler.Opening{Name: "mine"})
			s.call(ctx, 4, 5, profiler.Opening{Name: "r", Layer: layer.Redis})
		}, []string{`r-start {}`, `r-stop {}`, `root-stop {}`}},

		{"short points are counted", short, func(s *script, ctx context.Context) {
			s.call(ctx, 1, 3, query)
			s.call(ctx, 3, 6, query)
			s.call(ctx, 6, 7, query)
			s.call(ctx, 7, 8, profiler.Opening{Name: `a"b`})
		}, []string{`db-start {}`, `db-stop {}`,
			`root-stop {"sonde":{"self_us":3000,"short":{"db":{"count":2,"total_us":3000,"self_us":3000,"max_us":2000},"a\"b":{"count":1,"total_us":1000,"self_us":1000,"max_us":1000}}}}`}},

		{"a short point with short ones below", short, func(s *script, ctx context.Context) {
			in, p := s.open(ctx, 1, profiler.Opening{Name: "outer"})
			s.call(in, 1, 2, query)
			p.End(profiler.Ending{Time: s.at(3)})
			in, p = s.open(ctx, 3, query)
			s.call(in, 3, 4, query)
			p.End(profiler.Ending{Time: s.at(5)})
		}, []string{
			`root-stop {"sonde":{"self_us":6000,"short":{"db":{"count":3,"total_us":3000,"self_us":3000,"max_us":2000},"outer":{"count":1,"total_us":2000,"self_us":1000,"max_us":2000}}}}`}},

		{"a short point that failed, and what is above it", short, func(s *script, ctx context.Context) {
			in, p := s.open(ctx, 1, profiler.Opening{Name: "outer"})
			_, q := s.open(in, 1, query)
			q.End(profiler.Ending{Err: errors.New("no"), Time: s.at(2)})
			p.End(profiler.Ending{Time: s.at(3)})
		}, []string{`outer-start {}`, `db-start {}`, `db-stop {"etype":"errors.errorString","message":"no"}`, `outer-stop {}`, `root-stop {}`}},

		{"a short point with an outcome", short, func(s *script, ctx context.Context) {
			_, q := s.open(ctx, 1, query)
			q.End(profiler.Ending{Outcome: "aborted", Time: s.at(2)})
		}, []string{`db-start {}`, `db-stop {"outcome":"aborted"}`, `root-stop {}`}},

		{"who has sent headers is written", short, func(s *script, ctx context.Context) {
			in, p := s.open(ctx, 1, profiler.Opening{Name: "call"})
			if _, ok := profiler.Sign(in); !ok {
				s.t.Error("not signed")
			}
			p.End(profiler.Ending{Time: s.at(2)})
		}, []string{`call-start {}`, `call-stop {}`, `root-stop {}`}},

		{"what begins below a point that is gone hangs below the next", short, func(s *script, ctx context.Context) {
			in, p := s.open(ctx, 1, profiler.Opening{Name: "gone"})
			p.End(profiler.Ending{Time: s.at(2)})
			s.call(in, 3, 7, query)
		}, []string{`db-start {}`, `db-stop {}`,
			`root-stop {"sonde":{"self_us":5000,"short":{"gone":{"count":1,"total_us":1000,"self_us":1000,"max_us":1000}}}}`}},

		{"a short point that something still runs below", short, func(s *script, ctx context.Context) {
			in, p := s.open(ctx, 1, profiler.Opening{Name: "outer"})
			_, q := s.open(in, 1, query)
			p.End(profiler.Ending{Time: s.at(2)})
			q.End(profiler.Ending{Time: s.at(3)})
		}, []string{`outer-start {}`, `db-start {}`, `outer-stop {}`, `db-stop {}`, `root-stop {}`}},

		{"the third and further equal calls are one point", repeats, func(s *script, ctx context.Context) {
			for i := range 6 {
				s.call(ctx, i, i+1, query, statement("SELECT 1"))
			}
			s.call(ctx, 6, 7, query, statement("SELECT a FROM b"))
		}, []string{
			`db-start {"db":{"statement":"SELECT 1"}}`, `db-stop {}`, `db-start {"db":{"statement":"SELECT 1"}}`, `db-stop {}`,
			`db-start {"db":{"statement":"SELECT 1"}}`, `db-start {"db":{"statement":"SELECT a FROM b"}}`, `db-stop {}`,
			`db-stop {"sonde":{"repeated":{"count":4,"min_us":1000,"max_us":1000,"total_us":4000}}}`,
			`root-stop {"sonde":{"self_us":3000}}`}},

		{"calls that differ in their literals, and one that fails", repeats, func(s *script, ctx context.Context) {
			for i := range 6 {
				_, p := s.open(ctx, i, query, statement(fmt.Sprintf("SELECT %d", i)))
				var err error
				if i == 3 {
					err = errors.New("no")
				}
				p.End(profiler.Ending{Time: s.at(i + 1), Err: err})
			}
		}, []string{
			`db-start {"db":{"statement":"SELECT 0"}}`, `db-stop {}`, `db-start {"db":{"statement":"SELECT 1"}}`, `db-stop {}`,
			`db-start {"db":{"statement":"SELECT 2"}}`, `db-start {"db":{"statement":"SELECT 3"}}`,
			`db-stop {"etype":"errors.errorString","message":"no"}`,
			`db-stop {"sonde":{"repeated":{"count":3,"min_us":1000,"max_us":1000,"total_us":3000,"differ":true}}}`,
			`root-stop {"sonde":{"self_us":4000}}`}},

		{"calls that run at once", repeats, func(s *script, ctx context.Context) {
			var all []profiler.Point
			for i := range 5 {
				_, p := s.open(ctx, i, profiler.Opening{Name: "task"})
				all = append(all, p)
			}
			for i, p := range all {
				p.End(profiler.Ending{Time: s.at(9 - i)})
			}
		}, []string{`task-start {}`, `task-start {}`, `task-start {}`, `task-stop {}`, `task-stop {}`,
			`task-stop {"sonde":{"repeated":{"count":3,"min_us":1000,"max_us":5000,"total_us":9000,"at_once":3}}}`,
			`root-stop {"sonde":{"self_us":1000}}`}},

		{"work that calls something is written", repeats, func(s *script, ctx context.Context) {
			for i := range 3 {
				in, p := s.open(ctx, i, profiler.Opening{Name: "step"})
				s.call(in, i, i+1, query)
				p.End(profiler.Ending{Time: s.at(i + 1)})
			}
		}, []string{
			`step-start {}`, `db-start {}`, `db-stop {}`, `step-stop {}`, `step-start {}`, `db-start {}`, `db-stop {}`, `step-stop {}`,
			`step-start {}`, `db-start {}`, `db-stop {}`, `step-stop {}`, `root-stop {}`}},

		{"many short ones are one point", profiler.Detail{Repeats: 2, MinDuration: 2 * time.Millisecond}, func(s *script, ctx context.Context) {
			for i := range 6 {
				s.call(ctx, i, i+1, query)
			}
		}, []string{`db-start {}`, `db-stop {"sonde":{"repeated":{"count":4,"min_us":1000,"max_us":1000,"total_us":4000}}}`,
			`root-stop {"sonde":{"self_us":4000,"short":{"db":{"count":2,"total_us":2000,"self_us":2000,"max_us":1000}}}}`}},

		{"a layer's own held points", profiler.Detail{Repeats: 1}, func(s *script, ctx context.Context) {
			held := query
			held.Held = true
			for i := range 5 {
				_, p := s.open(ctx, i, held)
				switch i {
				case 1:
					p.Discard()
				case 2:
					p.Release()
					p.Discard() // too late
				default:
					p.Release()
					p.End(profiler.Ending{Time: s.at(i + 1)})
				}
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := &store{}
			keys, _ := header.ParseKeys("key")
			svc := newService(t, st, func(f *profiler.Config) {
				f.Detail, f.Keys, f.Queue.FlushInterval = c.d, keys, time.Hour
			})
			s := &script{t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), svc}
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root", Time: s.now})
			c.do(s, ctx)
			root.End(profiler.Ending{Time: s.at(10)})
			mustClose(t, svc)
			got := lines(st)
			for _, l := range got {
				t.Log(l)
			}
			if c.want != nil && !slices.Equal(got[1:], c.want) {
				t.Errorf("want\n%s", strings.Join(c.want, "\n"))
			}
			if d := svc.Stats(); d.Starts != d.Stops || d.Late != 0 {
				t.Errorf("%+v", d)
			}
			allBelowWritten(t, st.all())
		})
	}
}

// allBelowWritten checks that each point hangs below one that was written.
func allBelowWritten(t *testing.T, events []record.Event) {
	t.Helper()
	known := map[string]bool{}
	for _, e := range events {
		known[e.Point().String()] = true
		known[e.Trace().String()] = true
	}
	for _, e := range events {
		if !known[e.Parent().String()] {
			t.Errorf("%s hangs below nothing that is written", e.RecordName())
		}
	}
}
