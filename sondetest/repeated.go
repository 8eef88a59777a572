package sondetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

// NoRepeatedQueries demands that no query is made more than once below one point,
// and that none which reads is made with the same arguments anywhere again. It fails
// if there is no query at all. Whether the arguments differ, as they do for an N+1,
// or the same question is asked again, is said where sqltrace knows the arguments.
func (t *Trace) NoRepeatedQueries() {
	t.t.Helper()
	queries := t.of(layer.SQL)
	if len(queries) == 0 {
		t.unseen(layer.SQL)
		return
	}
	t.judge("repeated", t.repeated(queries))
}

// place is what queries share that are repeated: the point above them, or what was
// asked.
type place struct{ service, name, below, args string }

func (t *Trace) placesOf(p *report.Point) []place {
	list := []place{{service: p.Service, name: t.name(p), below: p.ParentID()}}
	if args, known := t.arguments(p); known && layer.SQL.Operation(layer.Client, t.r.Text(p, "db.statement")) == "SELECT" {
		list = append(list, place{service: p.Service, name: t.name(p), args: "=" + args})
	}
	return list
}

// arguments is a text that is the same for queries of one name whose arguments are,
// if that is known. sqltrace stores a number for it, and nothing for a query that
// has neither arguments nor literals.
func (t *Trace) arguments(p *report.Point) (text string, known bool) {
	text = t.r.Text(p, "db.args_hash")
	return text, text != "" || !strings.ContainsAny(t.name(p), "?$:@")
}

// repeated finds the queries that share a place with another, by their names.
func (t *Trace) repeated(queries []*report.Point) (found []violation) {
	count := map[place]int{}
	for _, p := range queries {
		for _, at := range t.placesOf(p) {
			count[at]++
		}
	}
	same := map[string][]*report.Point{}
	for _, p := range queries {
		if slices.ContainsFunc(t.placesOf(p), func(at place) bool { return count[at] > 1 }) {
			same[t.name(p)] = append(same[t.name(p)], p)
		}
	}
	for _, name := range t.tally(queries).names {
		if n := len(same[name]); n > 0 {
			found = append(found, violation{what: name, count: n, message: t.sayRepeated(name, same[name])})
		}
	}
	return found
}

func (t *Trace) sayRepeated(name string, same []*report.Point) string {
	distinct, parents, allKnown := map[string]bool{}, map[string]bool{}, true
	for _, p := range same {
		args, known := t.arguments(p)
		distinct[args], parents[p.ParentID()] = true, true
		allKnown = allKnown && known
	}
	why := fmt.Sprintf("%d of them different", len(distinct))
	switch {
	case !allKnown:
		why = "with unknown arguments"
	case len(distinct) == 1:
		why = "redundant, since the arguments are the same"
	case len(distinct) == len(same):
		why = "each with other arguments (N+1)"
	}
	below := ""
	if above := t.r.Parent(same[0]); above != nil && len(parents) == 1 {
		below = ", below " + t.name(above)
	}
	return fmt.Sprintf("repeated ×%s, %s%s: %s", figures.Grouped(len(same)), why, below, name)
}
