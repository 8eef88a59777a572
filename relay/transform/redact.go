package transform

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// keyPattern is a path of keys in lower case. A key may have "*", and "**" stands for
// any number of keys.
type keyPattern []string

func parseKeys(path string) keyPattern { return strings.Split(strings.ToLower(path), ".") }

// fits reports whether the pattern fits a whole path. Whatever the two are, that takes no
// more steps than one has keys times the other: records may be hostile.
func (p keyPattern) fits(path []string) bool {
	at, i := 0, 0
	any, from := -1, 0 // the last "**", and where what follows it was last tried
	for i < len(path) {
		switch {
		case at < len(p) && p[at] == "**":
			any, from = at, i
			at++
		case at < len(p) && fits(p[at], path[i]):
			at, i = at+1, i+1
		case any >= 0:
			from++
			at, i = any+1, from
		default:
			return false
		}
	}
	for at < len(p) && p[at] == "**" {
		at++
	}
	return at == len(p)
}

const (
	// maxDepth is how many keys a path may have: what lies deeper is hidden unseen.
	maxDepth = 64
	// maxDots is how many dots of a key are looked at.
	maxDots = 16
)

// redactor walks over a JSON text and writes it again.
type redactor struct {
	*redaction
	out    []byte
	path   []string
	whole  bool // the text is a record, not an info
	hidden int
}

// info returns info with what is to be hidden hidden, and how many values that are.
func (r *redaction) info(info []byte) ([]byte, int) {
	w := redactor{redaction: r, out: make([]byte, 0, len(info)+64)}
	c := jsontext.NewCursor(info)
	w.value(&c)
	return w.out, w.hidden
}

// more does the same with further members of a record, see [record.Event.More].
func (r *redaction) more(members []byte) ([]byte, int) {
	if len(members) == 0 {
		return nil, 0
	}
	object := append(append([]byte{'{'}, members[1:]...), '}')
	hidden, n := r.info(object)
	hidden[0] = ','
	return hidden[:len(hidden)-1], n
}

// record does the same with a whole record, and returns false if it is no JSON object.
func (r *redaction) record(text []byte) ([]byte, bool) {
	from := jsontext.SkipSpace(text, 0)
	end := jsontext.Skip(text, from)
	if end < 0 || text[from] != '{' || jsontext.SkipSpace(text, end) != len(text) {
		return nil, false
	}
	w := redactor{redaction: r, whole: true}
	c := jsontext.NewCursor(text)
	w.value(&c)
	return w.out, true
}

func (w *redactor) value(c *jsontext.Cursor) {
	switch c.Kind() {
	case '{':
		w.object(c)
	case '[':
		w.array(c)
	default:
		w.scalar(c.Value())
	}
}

func (w *redactor) array(c *jsontext.Cursor) {
	c.Open()
	w.out = append(w.out, '[')
	for n := 0; c.Next(); n++ {
		if n > 0 {
			w.out = append(w.out, ',')
		}
		w.value(c)
	}
	w.out = append(w.out, ']')
}

func (w *redactor) object(c *jsontext.Cursor) {
	c.Open()
	w.out = append(w.out, '{')
	for n := 0; c.Next(); n++ {
		if n > 0 {
			w.out = append(w.out, ',')
		}
		key := c.Key()
		w.out = append(append(w.out, key...), ':')
		depth := len(w.path)
		name, _ := jsontext.Text(key)
		if inInfo := w.whole && depth == 0 && name == "info"; !inInfo {
			w.path = append(w.path, strings.SplitN(strings.ToLower(name), ".", maxDots)...)
		}
		if len(w.path) > 0 && w.secret() {
			c.Value()
			w.out = jsontext.AppendString(w.out, w.with)
			w.hidden++
		} else {
			w.value(c)
		}
		w.path = w.path[:depth]
	}
	w.out = append(w.out, '}')
}

// secret reports whether the value at the path is to be hidden.
func (w *redactor) secret() bool {
	if len(w.path) > maxDepth && len(w.keys) > 0 {
		return true
	}
	return slices.ContainsFunc(w.keys, func(p keyPattern) bool {
		if first := w.path[0]; (first == "host" || first == "sonde") && first != p[0] {
			return false
		}
		return p.fits(w.path)
	})
}

// scalar writes a text, a number, true, false or null.
func (w *redactor) scalar(value []byte) {
	if len(w.values) == 0 || value[0] == 't' || value[0] == 'f' || value[0] == 'n' {
		w.out = append(w.out, value...)
		return
	}
	text, quoted := jsontext.Text(value)
	if !quoted {
		text = string(value)
	}
	found := false
	for _, re := range w.values {
		if re.MatchString(text) {
			text, found = re.ReplaceAllLiteralString(text, w.with), true
		}
	}
	if !found {
		w.out = append(w.out, value...)
		return
	}
	w.hidden++
	w.out = jsontext.AppendString(w.out, text)
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.Itoa(n) + " " + of + "s"
}
