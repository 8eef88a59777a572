package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

const (
	mostPoints = 20 // of one finding
	mostAlike  = 20 // findings of failures, and of points without a stop
)

// origin is where failures of one sort began.
type origin struct {
	key     int32
	etype   string
	members []int32 // the first to fail first
	top     int32   // the highest point above the first that failed too, 0 if none did
	levels  int     // from there up to top
	jumped  bool    // over points that did not fail
	mended  bool    // the same call went well later
}

// failures are said by where they began: the deepest points that failed, those
// alike as one. What reached the root comes first, then by time.
func (t *tree) failures() []Finding {
	if !t.nodes[0].is(failedBelow) {
		return nil
	}
	type sort struct {
		key   int32
		etype string
	}
	var list []*origin
	found := map[sort]*origin{}
	for i := range t.nodes {
		if n := &t.nodes[i]; !n.is(failed) || n.is(failedBelow) {
			continue
		}
		etype, _, _ := t.r.Failure(t.point(&t.nodes[i]))
		s := sort{t.nodes[i].key, etype}
		if found[s] == nil {
			found[s] = &origin{key: s.key, etype: etype}
			list = append(list, found[s])
		}
		found[s].members = append(found[s].members, int32(i))
	}
	for _, o := range list {
		t.trace(o)
	}
	slices.SortStableFunc(list, func(a, b *origin) int {
		if x, y := t.reaches(a), t.reaches(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Compare(t.nodes[a.members[0]].to, t.nodes[b.members[0]].to)
	})
	var fs []Finding
	for k, o := range list {
		if k == mostAlike {
			fs = append(fs, t.otherFailures(list[k:]))
			break
		}
		fs = append(fs, t.sayFailure(o))
	}
	return fs
}

// reaches says whether a failure got to a root.
func (t *tree) reaches(o *origin) bool {
	return t.nodes[o.members[0]].parent == 0 || o.levels > 0 && t.nodes[o.top].parent == 0 && !o.mended
}

// trace sorts an origin's members by time, puts the one that travelled farthest
// first, and follows its failure up.
func (t *tree) trace(o *origin) {
	slices.SortStableFunc(o.members, func(a, b int32) int { return cmp.Compare(t.nodes[a].to, t.nodes[b].to) })
	best := 0
	for k, m := range o.members {
		n, b := &t.nodes[m], &t.nodes[o.members[best]]
		if b.is(mended) && !n.is(mended) || b.is(mended) == n.is(mended) && t.levels(m) > t.levels(o.members[best]) {
			best = k
		}
	}
	m := o.members[best]
	o.members = slices.Insert(slices.Delete(o.members, best, best+1), 0, m)
	n := &t.nodes[m]
	o.top, o.levels, o.mended = n.topFailed, t.levels(m), n.is(mended)
	o.jumped = n.is(jumped)
}

// levels is how far above a node the highest one is that failed too.
func (t *tree) levels(i int32) int {
	n := &t.nodes[i]
	if n.topFailed == 0 {
		return 0
	}
	return int(t.point(n).Depth - t.point(&t.nodes[n.topFailed]).Depth)
}

func (t *tree) sayFailure(o *origin) Finding {
	m := o.members[0]
	n := &t.nodes[m]
	f := Finding{
		Kind: Failure, Points: t.points(o.members), Count: len(o.members), Confidence: Measured,
		Took: span(n.to - n.from), Share: t.share(n.onPath),
		Signature: t.signature(Failure, []int32{m}, o.etype),
	}
	etype, message, _ := t.r.Failure(t.point(n))
	verb := " failed"
	switch {
	case n.is(timedOut):
		verb = " timed out after " + figures.Duration(span(n.to-n.from))
		if limit := t.limit(m); limit != m {
			verb += ", at the limit of " + figures.Duration(span(t.nodes[limit].to-t.nodes[limit].from)) + " of " + t.titleOf(limit)
			f.Points = append(f.Points, t.point(&t.nodes[limit]))
		}
	case etype == "panic":
		verb = " panicked"
	}
	f.Text = t.title(n.key)
	if all := t.alike(n.key); all > len(o.members) && all >= t.o.MinRepeats {
		f.Text = figures.Grouped(len(o.members)) + " of " + figures.Grouped(all) + " " + f.Text
	} else if len(o.members) > 1 {
		f.Text += times(len(o.members))
	}
	f.Text += in(t.point(n).Service) + verb
	if why := cause(etype, message); why != "" && etype != "panic" {
		f.Text += ": " + why
	} else if etype == "panic" && message != "" {
		f.Text += ": " + shortenTo(firstLine(message), 200)
	}
	f.Text += t.journey(o, &f)
	if n.is(timedOut) {
		if w := t.waitedFor(m); w != m {
			f.Text += "; it waited for " + t.titleOf(w)
			f.Points = append(f.Points, t.point(&t.nodes[w]))
		}
	}
	return f
}

// alike is how many nodes have a key.
func (t *tree) alike(key int32) (n int) {
	for i := range t.nodes {
		if a := &t.nodes[i]; a.index != none && a.key == key {
			n += t.times(a)
		}
	}
	return n
}

// journey says how far a failure went.
func (t *tree) journey(o *origin, f *Finding) string {
	m := o.members[0]
	alone := t.nodes[m].parent <= 0
	f.Because = "no point below it failed; an error that was not recorded further down would be the beginning instead"
	switch {
	case alone:
		return ""
	case o.mended:
		return "; tried again, it went well"
	case o.levels == 0:
		f.Because = "no point above it failed, so what called it went on without it, or did not record the error"
		return "; " + t.titleOf(t.nodes[m].parent) + " went on"
	}
	f.Points = append(f.Points, t.point(&t.nodes[o.top]))
	if o.jumped {
		f.Confidence = Inferred
		f.Because = "between the two are points that did not fail, so the failure above may have another beginning"
	}
	return ", up " + figures.Counted(o.levels, "level") + " to " + t.titleOf(o.top)
}

// limit is the point whose time limit ended m: the highest above it that timed
// out at about the same time.
func (t *tree) limit(m int32) int32 {
	best := m
	for a, depth := t.nodes[m].parent, 0; a > 0 && depth < 1000; a, depth = t.nodes[a].parent, depth+1 {
		if t.nodes[a].is(timedOut) {
			best = a
		}
	}
	return best
}

// waitedFor is what ran below m when it ended: the child that was cut off, and
// the child of that, as deep as it goes.
func (t *tree) waitedFor(m int32) int32 {
	at := t.nodes[m].to
	for depth := 0; depth < 1000; depth++ {
		next := int32(-1)
		for c := range t.children(m) {
			n := &t.nodes[c]
			if n.from <= at && n.to >= at-t.slack(n) && n.kind != layer.Consumer && (next < 0 || n.from < t.nodes[next].from) {
				next = c
			}
		}
		if next < 0 {
			return m
		}
		m = next
	}
	return m
}

func (t *tree) otherFailures(rest []*origin) Finding {
	f := Finding{Kind: Failure, Confidence: Measured, Signature: string(Failure) + ":others"}
	for _, o := range rest {
		f.Count += len(o.members)
		if len(f.Points) < mostPoints {
			f.Points = append(f.Points, t.point(&t.nodes[o.members[0]]))
		}
	}
	f.Text = figures.Counted(f.Count, "point") + " more failed, in " + figures.Counted(len(rest), "other way")
	f.Because = "only the first failures are said one by one"
	return f
}

// cause joins an error's type and its text.
func cause(etype, message string) string {
	message = firstLine(message)
	switch {
	case message == "":
		return shortenTo(etype, 200)
	case etype == "" || strings.HasPrefix(message, etype):
		return shortenTo(message, 200)
	}
	return shortenTo(message, 200) + " (" + shorten(etype) + ")"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}
