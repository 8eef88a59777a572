package browser

import (
	"bytes"
	"testing"

	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/profile"
)

// cart is a request with so many queries.
func cart(t *testing.T, queries int) *profile.Profile {
	t.Helper()
	all := profile.New()
	for n := range 20 {
		var tr trace
		root := tr.add(step{"", "http", "shop", 0, 5_000 + queries*(1_000+n*100), object{"request": object{"method": "GET", "path": "/cart"}}, object{"response": object{"status_code": 200}}})
		for i := range queries {
			tr.add(step{root, "db", "shop", 2_000 + i*(1_000+n*100), 2_900 + i*(1_000+n*100) + n*100, object{"db": object{"statement": "SELECT price FROM prices WHERE sku = ?"}}, nil})
		}
		all.Add(tr.report(t))
	}
	return all
}

// TestDiff: the page of a difference says it, with conditions and paths.
func TestDiff(t *testing.T) {
	d := diff.Of(cart(t, 2), cart(t, 12))
	condition, err := diff.ParseCondition("count(db)>10")
	if err != nil {
		t.Fatal(err)
	}
	text, failed := condition.Check(d)
	if !failed {
		t.Fatal("the condition holds")
	}
	var page bytes.Buffer
	if err := html.WriteDiff(&page, d, []document.Failed{{Condition: condition, Text: text}}); err != nil {
		t.Fatal(err)
	}
	p := open(t, page.Bytes())
	p.has(".kind", "1 CONDITION FAILED")
	p.has(".conditions", "count(db)>10")
	p.has("table", "2 → 12")
	p.fits()
	p.picture("diff")
	p.size(800, 800)
	p.fits()
	p.picture("diff-narrow")
}

// TestProfile: the page of many traces says what makes some slow.
func TestProfile(t *testing.T) {
	all := cart(t, 10)
	var page bytes.Buffer
	if err := html.WriteProfile(&page, all, all.Explain(all.Kinds()[0])); err != nil {
		t.Fatal(err)
	}
	p := open(t, page.Bytes())
	p.has("table", "SELECT price FROM prices")
	p.fits()
	p.picture("stats")
	p.click(`table[aria-label="Paths"] th:first-child button`)
	p.has(`th[aria-sort="ascending"]`, "Path")
}
