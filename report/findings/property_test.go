package findings_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// random makes a trace of up to n points whose times are drawn from few, so that
// ties and overlaps are common. tidy keeps children within their parents and lets
// everything end.
func random(rnd *rand.Rand, n int, tidy bool) []*point {
	services := []string{"a", "b", "c"}
	var all []*point
	add := func(low, top float64) *point {
		from := low + float64(rnd.IntN(20))*(top-low)/20
		to := from + float64(rnd.IntN(21))*(top-from)/20
		service := services[rnd.IntN(len(services))]
		name := fmt.Sprint("n", rnd.IntN(3))
		var p *point
		switch rnd.IntN(6) {
		case 0:
			p = query("SELECT x FROM "+name+" WHERE id = ?", from, to)
		case 1:
			p = get(name, "/p", from, to)
		case 2:
			p = served(service, "GET", "/"+name, from, to)
		case 3:
			p = sent(name, from, to)
		case 4:
			p = handled(service, name, from, to)
		default:
			p = work(name, from, to)
		}
		if !tidy {
			switch rnd.IntN(12) {
			case 0:
				p.unended()
			case 1:
				p.failing("E", "no")
			case 2:
				p.outcome("timeout")
			case 3:
				p.shift(float64(rnd.IntN(41) - 20))
			}
		}
		all = append(all, p)
		return p
	}
	roots := []*point{add(0, 200)}
	for range rnd.IntN(n) {
		if !tidy && rnd.IntN(20) == 0 {
			roots = append(roots, add(0, 200))
			continue
		}
		parent := all[rnd.IntN(len(all))]
		low, top := parent.from, parent.to
		if !tidy {
			low, top = 0, 250
		}
		parent.kids = append(parent.kids, add(low, max(low, top)))
	}
	return roots
}

// checkPath holds what the critical path promises: it cuts the root's time into
// pieces, and nothing is left out.
func checkPath(t testing.TB, res *findings.Result) {
	t.Helper()
	var sum time.Duration
	path := slices.Collect(res.Path())
	for k, s := range path {
		if s.To <= s.From {
			t.Errorf("section %d of %v is from %v to %v", k, s.Point, s.From, s.To)
		}
		if k > 0 && s.From != path[k-1].To {
			t.Errorf("section %d begins at %v, the one before it ends at %v", k, s.From, path[k-1].To)
		}
		sum += s.To - s.From
	}
	if sum != res.Head.Duration {
		t.Errorf("the sections last %v, the root %v", sum, res.Head.Duration)
	}
	for _, f := range res.Findings {
		if f.Share < 0 || f.Share > 1 || f.Took < 0 || f.SavesMin < 0 || f.SavesMax < f.SavesMin || f.SavesMax > f.Took && f.SavesMax > 0 {
			t.Errorf("%s: took %v, share %v, saves %v to %v", f.Text, f.Took, f.Share, f.SavesMin, f.SavesMax)
		}
		if f.Text == "" || f.Because == "" || f.Signature == "" || f.Confidence == "" || len(f.Points) > 30 {
			t.Errorf("finding %+v", f)
		}
	}
}

func TestPathPartitionsRoot(t *testing.T) {
	for seed := range uint64(1000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := trace(t, random(rnd, 1+rnd.IntN(60), seed%2 == 0)...)
		checkPath(t, findings.Find(r, findings.Options{}))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte(`{"name":"db-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-01T00:00:00.000000","info":{"db":{"statement":"select 1"}}}
{"name":"db-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-01T00:00:01.000000","info":{"etype":"E","outcome":"timeout"}}`))
	f.Add([]byte(`{"name":"a-start","base_id":"b","trace_id":"1","parent_id":"1","timestamp":"2026-01-01T00:00:00","info":{}}
{"name":"a-stop","base_id":"b","trace_id":"2","parent_id":"3","timestamp":"9999-01-01T00:00:00.000000","info":{"sonde":{"lost":3}}}
{"name":"a","base_id":"b","trace_id":"4","parent_id":"2","timestamp":"0001-01-01T00:00:00.000000","info":{"request":{"path":"/x1/"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Read(data)
		if err != nil {
			return
		}
		checkPath(t, findings.Find(r, findings.Options{}))
	})
}
