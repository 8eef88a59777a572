package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// TestPath: whom the root waited for, with the faults that other tools have.
func TestPath(t *testing.T) {
	for _, c := range []struct {
		name  string
		trace *point
		want  string
	}{
		{"no child", page(100), "http 0-100"},
		{"holes are the root's", page(100, work("a", 10, 40), work("b", 60, 90)), "http 0-10, a 10-40, http 40-60, b 60-90, http 90-100"},
		{"siblings that touch", page(100, work("a", 0, 50), work("b", 50, 100)), "a 0-50, b 50-100"},
		{"a third that begins on the same tick", page(100, work("a", 0, 50), work("b", 50, 100), work("c", 50, 80)), "a 0-50, b 50-100"},
		{"an overlap of 2 µs", page(100, work("a", 0, 50.002), work("b", 50, 99)), "a 0-50, b 50-99, http 99-100"},
		{"an overlap of 30 %", page(100, work("a", 0, 60), work("b", 40, 100)), "http 0-40, b 40-100"},
		{"at once", page(100, work("a", 0, 30), work("b", 0, 100), work("c", 10, 60)), "b 0-100"},
		{"at once, then another", page(100, work("a", 0, 30), work("b", 0, 40), work("c", 40, 100)), "b 0-40, c 40-100"},
		{"a child's child", page(100, work("a", 10, 90, work("b", 20, 80))), "http 0-10, a 10-20, b 20-80, a 80-90, http 90-100"},
		{"a child that outlives the root", page(100, work("a", 10, 200), work("b", 20, 90)), "http 0-20, b 20-90, http 90-100"},
		{"a message", page(100, sent("m", 10, 20, handled("w", "m", 30, 90))), "http 0-10, nats 10-20, http 20-100"},
		{"a server that goes on after its caller gave up", page(100, get("bank", "/x", 10, 60, served("bank", "GET", "/x", 20, 500, query("SELECT 1", 30, 480)))),
			"http 0-10, http_client 10-20, http 20-30, db 30-60, http 60-100"},
		{"and what it did one after the other", page(100, get("bank", "/x", 10, 60, served("bank", "GET", "/x", 20, 500, work("a", 20, 40), work("d", 25, 300), work("b", 40, 400), work("c", 400, 500)))),
			"http 0-10, http_client 10-20, a 20-40, b 40-60, http 60-100"},
		{"what has not ended", page(0, work("a", 20, 0).unended(), work("b", 10, 90)).unended(), "http 0-20, a 20-90"},
		{"a clock that is corrected", page(100, get("bank", "/x", 10, 90, served("bank", "GET", "/x", -480, -420))), "http 0-10, http_client 10-20, http 20-80, http_client 80-90, http 90-100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := trace(t, c.trace)
			res := find(t, c.trace)
			start := r.Began().Sub(beginning)
			var got []string
			for s := range res.Path() {
				got = append(got, fmt.Sprintf("%s %g-%g", s.Point.Name, ms(s.From+start), ms(s.To+start)))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("the path is\n%s, want\n%s", text, c.want)
			}
		})
	}
}

// TestRoots: a client that is not traced has several roots, whose time is theirs
// together; a message is handled in its own time.
func TestRoots(t *testing.T) {
	res := find(t, page(30), served("stock", "GET", "/left", 50, 80), handled("worker", "m", 500, 900))
	if path := slices.Collect(res.Path()); res.Head.Point != nil || res.Head.Duration != 80*time.Millisecond || len(path) != 3 || path[1].Point != nil {
		t.Errorf("%+v, path %v", res.Head, path)
	}
}

// TestWaited: what everything waited for adds up to the root's time.
func TestWaited(t *testing.T) {
	r, err := report.Read([]byte(slowTrace))
	if err != nil {
		t.Fatal(err)
	}
	waited := findings.Find(r, findings.Options{}).Waited()
	got := map[string]time.Duration{}
	for p := range r.All() {
		got[p.Name] += waited.For(p)
	}
	if waited.All != time.Second || waited.For(nil) != 0 || len(got) != 2 || got["db"] != 940*time.Millisecond || got["http"] != 60*time.Millisecond {
		t.Errorf("%v of %v", got, waited.All)
	}
}
