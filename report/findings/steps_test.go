package findings_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// TestSteps: steps are the points of the tree in the order of a walk, what they have of
// the path is what the sections say, and what they did is told without ids.
func TestSteps(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		r := trace(t, random(rnd, 1+rnd.IntN(40), rnd.IntN(2) == 0)...)
		res := findings.Find(r, findings.Options{})
		head, steps := stepsOf(r)
		path := map[string]time.Duration{}
		for s := range res.Path() {
			if s.Point != nil {
				path[s.Point.ID()] += s.To - s.From
			}
		}
		if head != res.Head {
			t.Errorf("%+v, want %+v", head, res.Head)
		}
		i := 0
		for p := range r.Walk() {
			s := &steps[i]
			above := r.Parent(p)
			if s.Point != p || s.Path != path[p.ID()] || (above == nil) != (s.Above < 0) || above != nil && (steps[s.Above].Point != above || s.Above >= i) {
				t.Fatalf("step %d is %+v, of %+v; the path has %v", i, s, p, path[p.ID()])
			}
			i++
		}
		if i != len(steps) {
			t.Errorf("%d steps of %d points", len(steps), i)
		}
	}
	_, steps := stepsOf(trace(t, page(10, query("SELECT n FROM stock WHERE sku = 7", 2, 6)).unended()))
	if s := steps[1]; s.Title != "SELECT n FROM stock WHERE sku = ?" || s.Does.What != s.Title || s.Does.Group != "db" || s.Does.Service != "shop" || s.Took != 4*time.Millisecond || s.Self != s.Took || s.Path != s.Took {
		t.Errorf("%+v", s)
	}
	if root := steps[0]; root.Above != -1 || root.Took != 6*time.Millisecond {
		t.Errorf("%+v", root)
	}
}

func stepsOf(r *report.Report) (head findings.Head, list []findings.Step) {
	head, steps := findings.Steps(r, findings.Options{})
	for s := range steps {
		list = append(list, *s)
	}
	return head, list
}
