package findings

import (
	"slices"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

// retried is a call that was tried again, below one node or several alike.
type retried struct {
	parents int
	parent  int32
	members []int32
	failed  int
	pauses  int64
	well    int64 // time on the path of the attempts that went well
	bad     int64 // of those that failed and were the last
	gaveUp  int
	tries   int
	sure    bool // the arguments are known to be the same
}

func (t *tree) addTries(all *pool[retried], g *group) {
	r, isNew := all.of(t.nodes[g.parent].key, g.key)
	if isNew {
		r.parent, r.sure = g.parent, true
	}
	r.parents++
	for _, try := range g.tries {
		members := g.members[try.first:try.last]
		r.tries++
		for k, m := range members {
			n := &t.nodes[m]
			if n.is(failed) {
				r.failed++
			}
			if k > 0 {
				r.pauses += max(0, n.from-t.nodes[members[k-1]].to)
			}
		}
		end := &t.nodes[members[len(members)-1]]
		if end.is(failed) {
			r.gaveUp++
			r.bad += end.onPath
		} else {
			r.well += end.onPath
		}
		_, known := t.arguments(members[0])
		r.sure = r.sure && known
		r.members = append(r.members, members...)
	}
}

// retries judges attempts by their time, with the pauses and without what went
// well in the end. Had the first gone well, or been the only one, that is saved.
func (t *tree) retries(r *retried) (candidate, bool) {
	took := r.pauses
	for _, m := range r.members {
		took += t.nodes[m].onPath
	}
	took -= r.well
	took = min(took, t.nodes[r.parent].onPath*int64(r.parents)) // pauses that nothing waited for
	saves := took - r.bad
	if !t.matters(saves) {
		return candidate{}, false
	}
	failures := slices.DeleteFunc(slices.Clone(r.members), func(m int32) bool { return !t.nodes[m].is(failed) })
	c := candidate{weight: saves, members: failures}
	c.say = func() Finding { return t.sayRetries(r, took, saves) }
	return c, true
}

func (t *tree) sayRetries(r *retried, took, saves int64) Finding {
	m := r.members[0]
	byTime := slices.Clone(r.members)
	slices.SortStableFunc(byTime, t.earlier)
	f := Finding{
		Kind: Retries, Points: t.points(byTime), Count: len(r.members), Confidence: Inferred,
		Took: span(took), Share: t.share(took), SavesMax: span(saves), Signature: t.signature(Retries, []int32{m}),
		Because: "equal calls that follow failed ones look like retries, though their arguments are not known",
	}
	if r.sure {
		f.Confidence, f.Because = Measured, "equal calls with the same arguments follow failed ones; what the caller does between them is not recorded"
	}
	f.Text = t.title(t.nodes[m].key) + times(len(r.members)) + ", " + figures.Grouped(r.failed) + " failed"
	if r.gaveUp == r.tries {
		f.Text += ", tried again in vain"
	} else {
		f.Text += ", tried again"
	}
	if r.pauses > 0 {
		f.Text += " with pauses of " + figures.Duration(span(r.pauses)) + " in all"
	}
	f.Text += t.below(r.parent, r.parents) + ": " + t.amount(took)
	if key, n := t.storm(r.members); n > len(r.members) {
		f.Text += "; it came to " + t.title(key) + times(n) + " further down"
	}
	return f
}

// storm is the call below the attempts that was made most often.
func (t *tree) storm(members []int32) (key int32, most int) {
	counts := map[int32]int{}
	for _, m := range members {
		for i := m + 1; i < t.nodes[m].end; i++ {
			n := &t.nodes[i]
			if !n.is(call) && n.kind != layer.Server {
				continue
			}
			if counts[n.key]++; counts[n.key] > most {
				key, most = n.key, counts[n.key]
			}
		}
	}
	return key, most
}
