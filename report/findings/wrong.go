package findings

import (
	"cmp"
	"slices"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

func (t *tree) points(members []int32) []*report.Point {
	list := make([]*report.Point, 0, min(len(members), mostPoints))
	for _, m := range members[:min(len(members), mostPoints)] {
		list = append(list, t.point(&t.nodes[m]))
	}
	return list
}

// cancelled says that the caller of the root went away.
func (t *tree) cancelled() []Finding {
	n := &t.nodes[t.root]
	if t.root == 0 || !n.is(cancelled) {
		return nil
	}
	took := n.to - n.from
	f := Finding{
		Kind: Cancelled, Points: []*report.Point{t.point(n)}, Count: 1, Confidence: Measured,
		Took: span(took), Share: t.share(took), Signature: t.signature(Cancelled, []int32{t.root}),
		Text:    t.titleOf(t.root) + " was cancelled by its caller after " + figures.Duration(span(took)),
		Because: "the point says so; how long its caller was ready to wait is not recorded",
	}
	if w := t.waitedFor(t.root); w != t.root {
		f.Text += "; it waited for " + t.titleOf(w)
		f.Points = append(f.Points, t.point(&t.nodes[w]))
	}
	return []Finding{f}
}

// unfinished says what has no stop, by the deepest such points: those above them
// wait for them.
func (t *tree) unfinished() []Finding {
	if !t.nodes[0].is(openBelow) {
		return nil
	}
	var order []int32 // keys
	alike := map[int32][]int32{}
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.index == none || !n.is(open) || n.is(openBelow) {
			continue
		}
		if alike[n.key] == nil {
			order = append(order, n.key)
		}
		alike[n.key] = append(alike[n.key], int32(i))
	}
	var fs []Finding
	for k, key := range order {
		if k == mostAlike {
			rest := Finding{Kind: Unfinished, Confidence: Measured, Signature: string(Unfinished) + ":others"}
			for _, key := range order[k:] {
				rest.Count += len(alike[key])
				rest.Points = append(rest.Points, t.points(alike[key][:1])...)
			}
			rest.Points = rest.Points[:min(len(rest.Points), mostPoints)]
			rest.Text = figures.Counted(rest.Count, "point") + " more have no stop, in " + figures.Counted(len(order)-k, "other way")
			rest.Because = "only the first are said one by one"
			return append(fs, rest)
		}
		fs = append(fs, t.sayUnfinished(alike[key]))
	}
	return fs
}

func (t *tree) sayUnfinished(members []int32) Finding {
	slices.SortStableFunc(members, t.earlier)
	m := members[0]
	n := &t.nodes[m]
	ran := n.to - n.from
	f := Finding{
		Kind: Unfinished, Points: t.points(members), Count: len(members), Confidence: Measured,
		Took: span(ran), Share: min(1, t.share(ran)), Signature: t.signature(Unfinished, []int32{m}),
		Because: "it has no stop record: it still runs, or its process has gone, or the record was lost",
	}
	count := ""
	if len(members) > 1 {
		count = times(len(members))
	}
	f.Text = t.title(n.key) + count + in(t.point(n).Service)
	if t.o.Now.IsZero() {
		f.Text += " has not ended: running for at least " + figures.Duration(span(ran)) + ", until the last record"
	} else {
		f.Text += " has not ended: running for " + figures.Duration(span(ran))
	}
	for a := n.parent; a > 0; a = t.nodes[a].parent {
		above := &t.nodes[a]
		if !above.is(open) && n.kind != layer.Consumer {
			how := " above it ended: it runs on its own, or its process has gone"
			if above.is(failed) {
				etype, message, _ := t.r.Failure(t.point(above))
				how = " above it failed (" + shortenTo(cmp.Or(firstLine(message), etype), 100) + "): its process has gone, or it still runs"
			}
			f.Text += ", though " + t.titleOf(a) + how
			f.Points = append(f.Points, t.point(above))
			break
		}
		if len(f.Points) < mostPoints {
			f.Points = append(f.Points, t.point(above))
		}
	}
	if c, ok := t.served(m); ok {
		f.Text += ", though " + t.titleOf(c) + " answered after " + figures.Duration(span(t.nodes[c].to-n.from))
		f.Points = append(f.Points, t.point(&t.nodes[c]))
	}
	return f
}

// served is the other side of a call, if it has ended.
func (t *tree) served(m int32) (int32, bool) {
	for c := range t.children(m) {
		if n := &t.nodes[c]; n.kind == layer.Server && !n.is(open) {
			return c, true
		}
	}
	return 0, false
}

func (t *tree) lost() (list []Finding) {
	const because = "what was lost is not known: points, their ends, or the calls below them"
	if n := t.r.Lost(); n > 0 {
		list = append(list, Finding{
			Kind: Lost, Count: int(n), Confidence: Measured, Signature: signature(Lost), Because: because,
			Text: figures.Counted(int(n), "record") + " of this trace never reached the store, as the services have counted",
		})
	}
	var rest, services int64
	for i, m := range t.r.Missing() {
		n := m.Records()
		if i >= mostPoints {
			rest, services = rest+n, services+1
			continue
		}
		f := Finding{Kind: Lost, Count: int(n), Confidence: Measured, Signature: signature(Lost, m.Service, "numbers"), Because: because}
		f.Text = figures.Counted(int(n), "record") + " of " + named(m.Service, "a service without a name") + " " + isOrAre(n) +
			" missing: it numbered " + figures.Grouped(int(m.Numbered)) + ", " + figures.Grouped(int(m.Stored)) + " " + isOrAre(m.Stored) + " in the store"
		if m.Told > 0 {
			f.Text += ", and it has told itself that " + figures.Grouped(int(m.Told)) + " " + isOrAre(m.Told) + " lost"
		}
		list = append(list, f)
	}
	if services > 0 {
		list = append(list, Finding{
			Kind: Lost, Count: int(rest), Confidence: Measured, Signature: signature(Lost, "", "numbers of others"), Because: because,
			Text: figures.Counted(int(rest), "record") + " of " + figures.Counted(int(services), "other service") + " are missing, by their numbers",
		})
	}
	return list
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// missingParents says which points hang in the air.
func (t *tree) missingParents() []Finding {
	if len(t.orphans) == 0 {
		return nil
	}
	parents := map[string]bool{}
	below := 0
	for _, i := range t.orphans {
		parents[t.point(&t.nodes[i]).ParentID()] = true
		below += int(t.nodes[i].end - i)
	}
	first := t.orphans[0]
	text := figures.Counted(len(t.orphans), "point") + " hang below " + missing(len(parents)) + ", the first " + t.titleOf(first)
	if len(t.orphans) == 1 {
		text = t.titleOf(first) + " hangs below a point that is not in the trace"
	}
	if below > len(t.orphans) {
		text += "; with what is below, " + figures.Counted(below, "point")
	}
	return []Finding{{
		Kind: MissingParents, Text: text, Points: t.points(t.orphans), Count: len(t.orphans), Confidence: Measured,
		Signature: t.signature(MissingParents, []int32{first}),
		Because:   "a service above them does not store its points here, has not sent them yet, or has lost them",
	}}
}

// missing is how many points are missing.
func missing(n int) string {
	if n == 1 {
		return "a point that is not in the trace"
	}
	return figures.Grouped(n) + " points that are not in the trace"
}
