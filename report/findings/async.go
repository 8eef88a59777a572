package findings

import (
	"cmp"
	"slices"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

// waiting finds messages that waited long between being sent and being handled.
func (t *tree) waiting() (list []candidate) {
	if !slices.ContainsFunc(t.keys.list, func(k keyText) bool { return k.kind == layer.Consumer }) {
		return nil
	}
	var order []int32 // keys
	late := map[int32][]int32{}
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.kind != layer.Consumer || n.parent <= 0 || t.lag(int32(i)) < micros(t.o.MinWait) {
			continue
		}
		if late[n.key] == nil {
			order = append(order, n.key)
		}
		late[n.key] = append(late[n.key], int32(i))
	}
	for _, key := range order {
		members := late[key]
		slices.SortStableFunc(members, func(a, b int32) int { return cmp.Compare(t.lag(b), t.lag(a)) })
		if worst := t.lag(members[0]); t.matters(worst) {
			list = append(list, candidate{weight: worst, members: members, uses: apart, say: func() Finding { return t.sayWaiting(members) }})
		}
	}
	return list
}

// lag is how long a message waited at least. It was sent when what is above it had
// ended, or earlier where it was handled before that.
func (t *tree) lag(i int32) int64 {
	n := &t.nodes[i]
	above := &t.nodes[n.parent]
	if above.is(open) {
		return n.from - above.from
	}
	return n.from - min(above.to, max(above.from, n.from))
}

func (t *tree) sayWaiting(members []int32) Finding {
	m := members[0]
	n := &t.nodes[m]
	lag := t.lag(m)
	above := &t.nodes[n.parent]
	f := Finding{
		Kind: Waiting, Points: t.points(members), Count: len(members), Confidence: Measured,
		Took: span(lag), Share: min(1, t.share(lag)), Signature: t.signature(Waiting, []int32{m}),
		Because: "it lay in a queue or was delivered late; which of them is not recorded",
	}
	f.Points = append(f.Points, t.point(above))
	if t.sources[n.source].host != t.sources[above.source].host {
		f.Confidence = Inferred
		f.Because = "it takes the clocks of the two hosts to agree, which messages cannot prove"
	}
	f.Text = t.title(n.key)
	if len(members) > 1 {
		f.Text += times(len(members))
	}
	f.Text += " waited " + figures.Duration(span(lag)) + " between being sent" + in(t.point(above).Service) + " and being handled" + in(t.point(n).Service)
	if len(members) > 1 {
		f.Text += ", the longest of them"
	}
	return f
}

// outlives finds work that went on after what began it had ended. Nobody waited
// for it, so it comes after what somebody did.
func (t *tree) outlives() []Finding {
	var order []int32 // keys
	late := map[int32][]int32{}
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.parent <= 0 || n.is(open) || n.kind == layer.Consumer {
			continue
		}
		above := &t.nodes[n.parent]
		over := n.to - above.to
		if above.is(open) || above.kind == layer.Producer || over <= t.slack(above) || over < micros(t.o.MinTime) || !t.matters(over) || t.incomparable(n, above) {
			continue
		}
		if late[n.key] == nil {
			order = append(order, n.key)
		}
		late[n.key] = append(late[n.key], int32(i))
	}
	var fs []Finding
	for _, key := range order {
		members := late[key]
		slices.SortStableFunc(members, func(a, b int32) int { return cmp.Compare(t.over(b), t.over(a)) })
		fs = append(fs, t.sayOutlives(members))
	}
	slices.SortStableFunc(fs, func(a, b Finding) int { return cmp.Compare(b.Took, a.Took) })
	return fs[:min(len(fs), mostAlike)]
}

// incomparable says whether the clocks of two nodes cannot be compared.
func (t *tree) incomparable(a, b *node) bool {
	return a.source != b.source && (t.unsure[a.source] || t.unsure[b.source])
}

func (t *tree) over(i int32) int64 { return t.nodes[i].to - t.nodes[t.nodes[i].parent].to }

func (t *tree) sayOutlives(members []int32) Finding {
	m := members[0]
	n := &t.nodes[m]
	over := t.over(m)
	f := Finding{
		Kind: Outlives, Points: append(t.points(members), t.point(&t.nodes[n.parent])), Count: len(members), Confidence: Measured,
		Took: span(over), Share: min(1, t.share(over)), Signature: t.signature(Outlives, []int32{m}),
		Because: "nothing waited for it, so it costs no time here; what it holds is held for longer",
	}
	f.Text = t.title(n.key)
	if len(members) > 1 {
		f.Text += times(len(members))
	}
	f.Text += in(t.point(n).Service) + " went on for " + figures.Duration(span(over)) + " after " + t.titleOf(n.parent) + " had ended"
	if top := &t.nodes[t.root]; t.root != 0 && n.parent != t.root && n.to > top.to {
		f.Text += ", and for " + figures.Duration(span(n.to-top.to)) + " after " + t.titleOf(t.root)
	}
	return f
}
