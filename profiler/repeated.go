package profiler

import (
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/subject"
	"github.com/sonde-go/sonde/record"
)

// less is what a trace needs that does not write everything.
type less struct {
	detail  *detail
	pending []*similar // that have counted points; guarded by trace.mu

	info  []byte // that is looked into
	about []byte // is used again
}

// like is how often one kind of work was done below a point.
type like struct {
	hash uint64 // of the name and what it is about
	seen int
	more *similar // nil until there are too many
}

// maxLikes is how many kinds of work are told apart below one point. Those of others
// are written one by one.
const maxLikes = 64

// similar is points that do the same below one point, of which there are too many. One
// of those that were counted stands for all: its start record stays withheld until
// its stop, which has the sums, is written.
type similar struct {
	point    *node
	count    int64 // 0: none since the last was written
	from, to int64 // microseconds: the first start and the last stop
	least    int64
	most     int64
	total    int64
	hash     uint64 // of the info of point's start
	differ   bool   // others began with other infos
	open     int    // those that run, of all
	atOnce   int
}

var seed = maphash.MakeSeed()

// classify finds out whether n is one of too many that do the same. The trace is locked.
func (t *trace) classify(n *node, info []byte) {
	up, l := n.above.watch, t.less
	l.info = info
	l.about = append(append(l.about[:0], n.name...), 0)
	l.about = subject.Append(l.about, n.watch.layer, n.watch.kind, l)
	l.info = nil
	hash := maphash.Bytes(seed, l.about)
	i := 0
	for i < len(up.likes) && up.likes[i].hash != hash {
		i++
	}
	if i == len(up.likes) {
		if i == maxLikes {
			return
		}
		up.likes = append(up.likes, like{hash: hash})
	}
	k := &up.likes[i]
	if k.seen++; k.seen <= l.detail.given.Repeats {
		return
	}
	if k.more == nil {
		k.more = &similar{}
	}
	g := k.more
	g.open++
	g.atOnce = max(g.atOnce, g.open)
	n.watch.among, n.watch.hash = g, maphash.Bytes(seed, info)
}

// Text and Fingerprint implement subject.Texts for a start's info.
func (l *less) Text(path string) []byte {
	group, name, inside := strings.Cut(path, ".")
	value := jsontext.Get(l.info, group)
	if inside {
		value = jsontext.Get(value, name)
	}
	if len(value) < 2 || value[0] != '"' {
		return value
	}
	return value[1 : len(value)-1]
}

func (l *less) Fingerprint(statement []byte) string { return l.detail.fingerprint(statement) }

// addTo adds n, which has ended, to those it is one of.
func (t *trace) addTo(n *node, at, took int64) {
	g := n.watch.among
	if g.count == 0 {
		*g = similar{point: n, from: n.watch.began, least: took, hash: n.watch.hash, open: g.open, atOnce: max(g.atOnce, 1)}
		t.less.pending = append(t.less.pending, g)
	} else {
		t.drop(n)
	}
	g.count++
	g.from, g.to = min(g.from, n.watch.began), max(g.to, at)
	g.least, g.most = min(g.least, took), max(g.most, took)
	g.total += took
	g.differ = g.differ || g.hash != n.watch.hash
}

// writeRepeats writes what was counted below n, or below any point if n is nil. The
// trace is locked.
func (t *trace) writeRepeats(n *node) {
	if t.less == nil {
		return
	}
	rest := t.less.pending[:0]
	for _, g := range t.less.pending {
		if n == nil || g.point.above == n {
			t.writeSums(g)
		} else {
			rest = append(rest, g)
		}
	}
	clear(t.less.pending[len(rest):])
	t.less.pending = rest
}

// writeSums writes the stop of the point that stands for those that g has counted.
func (t *trace) writeSums(g *similar) {
	n := g.point
	if r := t.chunk.withheld(n); r != nil {
		r.held = false
		r.time = g.from * 1e3
		r.layout.SetTime(t.chunk.buf[r.from:r.to], r.time)
	}
	e := newEncoder(t.svc)
	n.head(e, record.Stop)
	e.about = g.told()
	at := g.to * 1e3
	e.end(at)
	t.put(n, at, e)
	e.free()
	g.count, g.point, g.atOnce = 0, nil, g.open
}

// told is info.sonde.repeated, with a comma behind.
func (g *similar) told() string {
	b := append(make([]byte, 0, 128), `"repeated":{"count":`...)
	b = strconv.AppendInt(b, g.count, 10)
	b = strconv.AppendInt(append(b, `,"min_us":`...), g.least, 10)
	b = strconv.AppendInt(append(b, `,"max_us":`...), g.most, 10)
	b = strconv.AppendInt(append(b, `,"total_us":`...), g.total, 10)
	if g.atOnce > 1 {
		b = strconv.AppendInt(append(b, `,"at_once":`...), int64(g.atOnce), 10)
	}
	if g.differ {
		b = append(b, `,"differ":true`...)
	}
	return string(append(b, "},"...))
}
