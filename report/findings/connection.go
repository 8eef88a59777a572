package findings

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// forConnection says whether points of a key are waits for a connection of a pool, as
// sqltrace/pgx records them: "db_acquire", of the layer of SQL and without a statement.
func (t *tree) forConnection(key int32) bool {
	k := &t.keys.list[key]
	return k.group == layer.SQL.Group && k.what == "" && strings.HasSuffix(k.name, "_acquire")
}

// waits are those for a connection below points that are alike.
type waits struct {
	members []int32
	took    int64 // of their own on the path, without that of connections that were made
}

// connections finds where everything waited for a connection of a pool.
func (t *tree) connections() (list []candidate) {
	if !slices.ContainsFunc(t.keys.list, func(k keyText) bool { return strings.HasSuffix(k.name, "_acquire") }) {
		return nil
	}
	sorts := pool[waits]{}
	ended := t.said()
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.own == 0 || ended[i] || n.is(open) || !t.forConnection(n.key) {
			continue
		}
		w, _ := sorts.of(t.nodes[n.parent].key, n.key)
		w.members = append(w.members, int32(i))
		w.took += n.own
	}
	for _, w := range sorts.list {
		if w.took < micros(t.o.MinTime) || !t.matters(w.took) {
			continue
		}
		slices.SortStableFunc(w.members, func(a, b int32) int { return cmp.Compare(t.nodes[b].own, t.nodes[a].own) })
		list = append(list, candidate{weight: w.took, members: w.members, say: func() Finding { return t.sayConnection(w) }})
	}
	return list
}

func (t *tree) sayConnection(w *waits) Finding {
	m := w.members[0]
	n := &t.nodes[m]
	f := Finding{
		Kind: Waiting, Points: t.points(w.members), Count: t.count(w.members), Confidence: Measured,
		Took: span(w.took), Share: t.share(w.took), SavesMax: span(w.took), Signature: t.signature(Waiting, []int32{m}),
		Because: "which code had the connections is not recorded: a larger pool, shorter transactions or fewer calls at once would do",
	}
	f.Text = "waited for a database connection"
	if f.Count > 1 {
		f.Text += times(f.Count)
	}
	f.Text += in(t.point(n).Service)
	if f.Count > 1 {
		f.Text += ", the longest " + figures.Duration(span(n.own))
	}
	parents := map[int32]bool{}
	for _, m := range w.members {
		parents[t.nodes[m].parent] = true
	}
	f.Text += t.below(n.parent, len(parents)) + ": " + t.amount(w.took)
	number := func(phase record.Phase, name string) int {
		number, _ := strconv.Atoi(string(jsontext.Get(t.r.Info(t.point(n), phase), layer.SQL.Group, name)))
		return number
	}
	switch size, used := number(record.Start, "pool_size"), number(record.Stop, "pool_in_use"); {
	case size <= 0 || used <= 0:
	case size == 1:
		f.Text += "; the pool has a single connection"
	case used >= size:
		f.Text += "; all " + figures.Grouped(size) + " connections of the pool were in use"
	default:
		f.Text += "; " + figures.Grouped(used) + " of the pool's " + figures.Grouped(size) + " connections were in use at its end"
	}
	if user, calls := t.meanwhile(m); calls > 0 {
		f.Text += "; meanwhile " + t.title(t.nodes[user].key)
		if calls > 1 {
			f.Text += times(calls)
		}
		f.Text += " of this trace ran"
		f.Points = append(f.Points, t.point(&t.nodes[user]))
	}
	return f
}

// meanwhile are the calls of one sort by which the trace itself used connections of the
// service for most of the time in which a node waited for one: the first, and their
// number.
func (t *tree) meanwhile(m int32) (first int32, calls int) {
	n := &t.nodes[m]
	type users struct {
		first int32
		calls int
		took  int64
	}
	var order []int32 // keys
	all := map[int32]*users{}
	for i := range t.nodes {
		o := &t.nodes[i]
		if o.source != n.source || int32(i) == m || t.forConnection(o.key) || t.keys.list[o.key].group != layer.SQL.Group {
			continue
		}
		both := min(o.to, n.to) - max(o.from, n.from)
		if both <= 0 || o.parent == m {
			continue
		}
		u := all[o.key]
		if u == nil {
			u = &users{first: int32(i)}
			all[o.key] = u
			order = append(order, o.key)
		}
		u.calls += t.times(o)
		u.took += both
	}
	best := &users{took: (n.to - n.from) / 2}
	for _, key := range order {
		if u := all[key]; u.took > best.took {
			best = u
		}
	}
	return best.first, best.calls
}
