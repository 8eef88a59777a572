package findings_test

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/outputtest"
)

// TestCondensed: points that one stands for are counted in sentences, have their part of
// the critical path, and what was left out is told.
func TestCondensed(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		if trace.Name != "condensed" {
			continue
		}
		r := trace.Report(t)
		found := findings.Find(r, findings.Options{})
		var texts []string
		for _, f := range found.Findings {
			texts = append(texts, f.Text)
		}
		all := strings.Join(append(texts, found.Blind...), "\n")
		for _, want := range []string{
			"1 of 100 SELECT price FROM items WHERE sku = ? (cart) failed",
			"SELECT price FROM items WHERE sku = ? ×99, one after the other, below GET /cart (cart): ",
			"6 points too short to be written", "missing: redis",
		} {
			if !strings.Contains(all, want) {
				t.Errorf("nothing says %q in\n%s", want, all)
			}
		}
		if found.Head.Points != 149 {
			t.Errorf("%d points", found.Head.Points)
		}
		waited := found.Waited()
		for p := range r.All() {
			// Those that took turns did all the work between them.
			if n := p.Repeated(); n != nil && p.Depth == 1 && (waited.For(p) > n.Total || 100*waited.For(p) < 99*n.Total) {
				t.Errorf("everything waited %v for %d %s, which took %v", waited.For(p), n.Count, p.Name, n.Total)
			}
		}
		at := found.Head.Point.Start()
		for s := range found.Path() {
			if s.From != at || s.To <= s.From {
				t.Fatalf("the section from %v to %v comes after %v", s.From, s.To, at)
			}
			at = s.To
		}
		if at != found.Head.Point.Stop() {
			t.Errorf("the path ends at %v", at)
		}
		return
	}
	t.Error("no trace condensed")
}
