package text

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report"
)

// classifier finds points and subtrees that look the same to a reader: they differ
// only in times and literals.
type classifier struct {
	points  []look // in the order of a walk
	classes int32  // how many there are
	labels  *labels
	shapes  map[string]string // of the details that were seen last
	looks   map[string]int32
	inner   map[string]int32 // by a look and the classes of what is below
	sources map[source]uint32
	origin  *report.Origin // of the point before, and its source
	source  uint32
	key     []byte
	seen    report.Memo[look]
}

// look is the class of a point without what is below it, and whether the point failed.
type look struct {
	class  int32
	failed bool
}

// source is what a look has of a point's origin.
type source struct{ name, service string }

// mostShapes is how many details are remembered. Others are looked at again.
const mostShapes = 4000

func newClassifier(r *report.Report) *classifier {
	return &classifier{points: make([]look, 0, r.Len()), labels: newLabels(), shapes: map[string]string{}, looks: map[string]int32{}, inner: map[string]int32{}, sources: map[source]uint32{}}
}

// classified is a classifier that has read all points of a report.
func classified(r *report.Report) *classifier {
	c, v := newClassifier(r), r.NewView()
	for p := range r.Walk() {
		c.read(p, v)
	}
	return c
}

// read finds out how the next point looks.
func (c *classifier) read(p *report.Point, v *report.View) {
	seen, known := c.seen.Of(p)
	if !known {
		v.At(p)
		*seen = c.look(p, v)
	}
	c.points = append(c.points, *seen)
}

func (c *classifier) look(p *report.Point, v *report.View) look {
	etype, message, failed := v.Failure()
	key := binary.NativeEndian.AppendUint32(c.key[:0], c.sourceOf(p))
	key = append(key, flag(failed)|flag(p.HasStart)<<1|flag(p.HasStop)<<2)
	for _, text := range [][]byte{etype, []byte(withoutNumbers(string(message)))} {
		key = append(binary.AppendUvarint(key, uint64(len(text))), text...)
	}
	key = append(key, c.shape(v)...)
	c.key = key
	return look{c.number(c.looks, key), failed}
}

func flag(is bool) byte {
	if is {
		return 1
	}
	return 0
}

func (c *classifier) sourceOf(p *report.Point) uint32 {
	if p.Origin == c.origin {
		return c.source
	}
	s := source{p.Name, p.Service}
	n, ok := c.sources[s]
	if !ok {
		n = uint32(len(c.sources))
		c.sources[s] = n
	}
	c.origin, c.source = p.Origin, n
	return n
}

// number is the class of a key.
func (c *classifier) number(classes map[string]int32, key []byte) int32 {
	class, ok := classes[string(key)]
	if !ok {
		c.classes++
		class = c.classes
		classes[string(key)] = class
	}
	return class
}

// classify makes the class of each node that of its subtree: nodes of one class look
// the same, and so do those below them, however many there are of each and in whatever
// order.
func (c *classifier) classify(t *tree) {
	var below []int32
	for i := len(t.nodes) - 1; i >= 0; i-- { // children come after their parents
		n := &t.nodes[i]
		if n.child == none {
			continue
		}
		below = below[:0]
		for child := range t.children(n.child) {
			if class := t.nodes[child].class; len(below) == 0 || below[len(below)-1] != class {
				below = append(below, class)
			}
		}
		slices.Sort(below)
		key := binary.NativeEndian.AppendUint32(c.key[:0], uint32(n.class))
		for _, class := range slices.Compact(below) {
			key = binary.NativeEndian.AppendUint32(key, uint32(class))
		}
		c.key = key
		n.class = c.number(c.inner, key)
	}
}

// shape is the detail of a point without its literals. New ones are told to the labels.
func (c *classifier) shape(v *report.View) string {
	detail := v.Detail()
	if len(detail) == 0 {
		return ""
	}
	shape, ok := c.shapes[string(detail)]
	if ok {
		return shape
	}
	text := string(detail)
	c.labels.add(text)
	shape = shapeOf(text, v.Layer() == layer.SQL)
	if len(c.shapes) == mostShapes {
		clear(c.shapes)
	}
	c.shapes[text] = shape
	return shape
}

// shapeOf is a detail without its literals.
func shapeOf(detail string, isSQL bool) string {
	if isSQL {
		return sqltext.Fingerprint(detail, sqltext.Standard)
	}
	return withoutIDs(detail)
}

// withoutIDs replaces what looks like an id among the parts of a path or a subject
// with a star. Statuses and ports are not parts of these.
func withoutIDs(s string) string {
	return replace(s, func(part string, before, after byte) bool {
		return isID(part) && before != ':' && (before == '/' || before == '.' || after == '/' || after == '.' || len(part) >= 8)
	})
}

// withoutNumbers replaces the ids and numbers of a message with stars.
func withoutNumbers(s string) string {
	return replace(s, func(part string, _, _ byte) bool { return isID(part) })
}

// replace replaces the words for which is returns true with stars. A word is made
// of letters, digits and dashes.
func replace(s string, is func(word string, before, after byte) bool) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		if !isWord(s[i]) {
			i++
			continue
		}
		end := i + 1
		for end < len(s) && isWord(s[end]) {
			end++
		}
		var before, after byte
		if i > 0 {
			before = s[i-1]
		}
		if end < len(s) {
			after = s[end]
		}
		if is(s[i:end], before, after) {
			b.WriteString(s[done:i])
			b.WriteByte('*')
			done = end
		}
		i = end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_'
}

// isID reports whether a word is a number, or has a digit and is as long as ids
// are or all in capitals: 17, 4f1c0f3e-3c1a, OLJCESPC7Z, and not v1 or http2.
func isID(word string) bool {
	digits, lower := 0, 0
	for i := range len(word) {
		switch c := word[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z':
			lower++
		}
	}
	return digits > 0 && (digits == len(word) || len(word) >= 8 || lower == 0 && len(word) >= 4)
}
