package report

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// View reads what the records of points say, one point after the other: it walks once
// over the info of each and reuses its memory. What its methods return is valid until
// the next call of At. It is not safe for concurrent use, but there may be several of
// a report.
type View struct {
	r           *Report
	p           *Point
	start, stop members
	layers      []*layer.Layer // of the point, once they are asked for
	hasLayers   bool
	scratch     []byte // texts that do not stand in the records as they are
}

// NewView returns a View of no point.
func (r *Report) NewView() *View { return &View{r: r} }

// At goes to a point.
func (v *View) At(p *Point) {
	v.p, v.hasLayers = p, false
	v.layers, v.scratch = v.layers[:0], v.scratch[:0]
	v.start.read(v.r.info(p.start), p.start)
	v.stop.read(v.r.info(p.stop), p.stop)
}

// Layer returns the layer of the point, see [Report.Layer].
func (v *View) Layer() *layer.Layer {
	for _, l := range v.allLayers() {
		return l
	}
	return nil
}

// Kind returns the kind of work that the point was, see [Report.Kind].
func (v *View) Kind() layer.Kind {
	if k := layer.ParseKind(string(v.plain(v.start.get("sonde.kind")))); k != layer.Unspecified {
		return k
	}
	if l := v.Layer(); l != nil {
		return l.Kind
	}
	return layer.Unspecified
}

// Failure returns the type and the message of the point's error, see
// [Report.Failure].
func (v *View) Failure() (etype, message []byte, failed bool) {
	value := v.stop.get("etype")
	if value == nil || value[0] == 'n' {
		return nil, nil, false
	}
	return v.plain(value), v.plain(v.stop.get("message")), true
}

// Outcome returns how the point ended, see [Report.Outcome].
func (v *View) Outcome() []byte { return v.plain(v.stop.get("outcome")) }

// Text returns the text of a member by its path, see [Report.Text].
func (v *View) Text(path string) []byte {
	if text := v.plain(v.stop.get(path)); len(text) > 0 {
		return text
	}
	return v.plain(v.start.get(path))
}

// Detail returns in a few words what the point was about, see [Report.Detail].
func (v *View) Detail() []byte {
	var text []byte
	for _, l := range v.allLayers() {
		from := len(v.scratch)
		text = layer.AppendExpanded(v.scratch, l.Label, func(b []byte, path string) []byte {
			v.scratch = b[:len(b):len(b)] // what Text has to write comes after it
			return append(b, v.Text(path)...)
		})
		v.scratch = text
		if text = text[from:]; len(text) > 0 {
			break
		}
	}
	if outcome := v.Outcome(); len(outcome) > 0 {
		text = bytes.TrimPrefix(slices.Concat(text, []byte(" ("), outcome, []byte(")")), []byte(" "))
	}
	if len(text) > maxDetail {
		text = bytes.ToValidUTF8(text[:maxDetail], nil)
	}
	return text
}

func (v *View) allLayers() []*layer.Layer {
	if v.hasLayers {
		return v.layers
	}
	v.hasLayers = true
	v.start.objects(func(group []byte) {
		l := layer.ByGroup(string(group))
		if l == nil {
			if foreign := v.r.foreign(); foreign != nil {
				l = foreign[string(group)]
			}
		}
		if l != nil {
			v.layers = append(v.layers, l)
		}
	})
	return v.layers
}

// plain is the text of a JSON string, nothing for null, and any other JSON unchanged.
func (v *View) plain(value []byte) []byte {
	n := len(value)
	switch {
	case n == 0 || value[0] == 'n':
		return nil
	case n < 2 || value[0] != '"' || value[n-1] != '"':
		return value
	case jsontext.IsPlain(value[1 : n-1]):
		return value[1 : n-1]
	}
	from := len(v.scratch)
	v.scratch = jsontext.AppendUnquoted(v.scratch, value)
	return v.scratch[from:len(v.scratch):len(v.scratch)]
}

// members are what an info consists of, down to the members of its members.
type members struct {
	of     stored // what was read last
	info   []byte
	list   []member
	within []member // of the objects
	usual  bool     // the info is an object with few members that all differ
}

type member struct {
	key, value []byte // the key without its quotes
	from, to   int    // the members of an object
}

// The most members of an info, and of all objects within it, that are remembered.
// Hostile ones have more.
const (
	mostMembers = 24
	mostWithin  = 64
)

// read walks over an info.
func (m *members) read(info []byte, of stored) {
	if of == m.of && m.info != nil && info != nil {
		return
	}
	m.of, m.info, m.usual = of, info, false
	m.list, m.within = m.list[:0], m.within[:0]
	if len(info) == 0 || info[0] != '{' || of.form() < known && jsontext.Skip(info, 0) != len(info) {
		return
	}
	text := jsontext.NewCursor(info)
	for text.Open(); text.Next(); {
		key := text.Key()
		e := member{key: key[1 : len(key)-1], from: len(m.within)}
		if !isNew(m.list, e.key) || len(m.list) == mostMembers {
			return
		}
		if text.Kind() != '{' {
			e.value = text.Value()
			m.list = append(m.list, e)
			continue
		}
		rest := text.Rest()
		for text.Open(); text.Next(); {
			key := text.Key()
			inner := member{key: key[1 : len(key)-1], value: text.Value()}
			if !isNew(m.within[e.from:], inner.key) || len(m.within) == mostWithin {
				return
			}
			m.within = append(m.within, inner)
		}
		e.value, e.to = rest[:len(rest)-len(text.Rest())], len(m.within)
		m.list = append(m.list, e)
	}
	m.usual = true
}

// isNew reports whether a key surely means another than those before it.
func isNew(list []member, key []byte) bool {
	for _, c := range key {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	for i := range list {
		if string(list[i].key) == string(key) {
			return false
		}
	}
	return true
}

// get returns a member by its path, nil if there is none.
func (m *members) get(path string) []byte {
	if !m.usual {
		return jsontext.Get(m.info, strings.Split(path, ".")...)
	}
	group, name, inside := strings.Cut(path, ".")
	for i := range m.list {
		e := &m.list[i]
		if string(e.key) != group {
			continue
		}
		if !inside {
			return e.value
		}
		name, rest, deeper := strings.Cut(name, ".")
		for k := e.from; k < e.to; k++ {
			inner := &m.within[k]
			if string(inner.key) != name {
				continue
			}
			if deeper {
				return jsontext.Get(inner.value, strings.Split(rest, ".")...)
			}
			return inner.value
		}
		return nil
	}
	return nil
}

// objects calls each with the keys of the members that are objects, each once.
func (m *members) objects(each func(key []byte)) {
	if !m.usual {
		jsontext.UniqueMembers(m.info, func(key, value []byte) {
			if value[0] == '{' {
				each([]byte(plainText(key)))
			}
		})
		return
	}
	for i := range m.list {
		if e := &m.list[i]; e.value[0] == '{' {
			each(e.key)
		}
	}
}

// Info returns what the start or the stop record of the point has stored as info, nil
// if there is none.
func (v *View) Info(phase record.Phase) []byte {
	if phase == record.Stop {
		return v.stop.info
	}
	return v.start.info
}
