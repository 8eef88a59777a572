package text

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/layer"
)

// look is what makes two points the same to a reader: they differ only in times and
// literals.
type look struct {
	name, service, detail, etype, message string
	failed, hasStart, hasStop             bool
}

// classifier finds subtrees that are equal.
type classifier struct {
	*tree
	shapes map[string]string // of details
	looks  map[look]int32
	inner  map[string]int32 // by a look and the classes of what is below
}

// classify assigns each node its class: nodes of one class look the same, and so do
// those below them, however many there are of each and in whatever order. It
// returns the shape of each detail.
func (t *tree) classify() map[string]string {
	c := classifier{tree: t, shapes: map[string]string{}, looks: map[look]int32{}, inner: map[string]int32{}}
	var below []int32
	var key []byte
	for i := len(t.nodes) - 1; i >= 0; i-- { // children come after their parents
		n := &t.nodes[i]
		if n.class = c.look(n); n.child == none {
			continue
		}
		below = below[:0]
		for child := range t.children(n.child) {
			if class := t.nodes[child].class; len(below) == 0 || below[len(below)-1] != class {
				below = append(below, class)
			}
		}
		slices.Sort(below)
		key = binary.NativeEndian.AppendUint32(key[:0], uint32(n.class))
		for _, class := range slices.Compact(below) {
			key = binary.NativeEndian.AppendUint32(key, uint32(class))
		}
		class, ok := c.inner[string(key)]
		if !ok {
			t.classes++
			class = t.classes
			c.inner[string(key)] = class
		}
		n.class = class
	}
	return c.shapes
}

// look is the class of a node, its children left aside.
func (c *classifier) look(n *node) int32 {
	p := n.point
	l := look{
		name: p.Name, service: p.Service, detail: c.shape(n), etype: n.etype,
		failed: n.failed, hasStart: p.HasStart, hasStop: p.HasStop,
	}
	if n.failed {
		l.message = withoutNumbers(n.message)
	}
	class, ok := c.looks[l]
	if !ok {
		c.classes++
		class = c.classes
		c.looks[l] = class
	}
	return class
}

// shape is a detail without its literals.
func (c *classifier) shape(n *node) string {
	if n.detail == "" {
		return ""
	}
	shape, ok := c.shapes[n.detail]
	if !ok {
		if c.Layer(n.point) == layer.SQL {
			shape = sqltext.Fingerprint(n.detail, sqltext.Standard)
		} else {
			shape = withoutIDs(n.detail)
		}
		c.shapes[n.detail] = shape
	}
	return shape
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
