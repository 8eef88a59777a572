package findings

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/internal/subject"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// keyText is what points that do the same have in common. It has few values:
// statements without literals, routes, methods.
type keyText struct {
	service string
	name    string // of the point
	kind    layer.Kind
	group   string // of the layer
	what    string
}

// keys numbers the texts.
type keys struct {
	list   []keyText
	verbs  []string // first words in capitals, such as "SELECT" and "GET"
	index  map[string]int32
	sought []byte // as index has it
}

func newKeys() keys { return keys{index: map[string]int32{}} }

// of returns the number of a text. What, which text does not have, is copied if it is
// new.
func (k *keys) of(text keyText, what []byte) int32 {
	b := k.sought[:0]
	for _, part := range []string{text.service, text.name, text.group} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	k.sought = append(append(b, byte(text.kind)), what...)
	i, ok := k.index[string(k.sought)]
	if !ok {
		text.what = string(what)
		i = int32(len(k.list))
		k.list = append(k.list, text)
		k.verbs = append(k.verbs, layer.SQL.Operation(layer.Client, text.what))
		k.index[string(k.sought)] = i
	}
	return i
}

// identify finds a point's key. The route by which an HTTP call was served names
// the call too, since a client does not know it.
func (t *tree) identify(p *report.Point, parent int32, kind layer.Kind) int32 {
	v := t.here
	text := keyText{service: p.Service, name: p.Name, kind: kind}
	l := v.Layer()
	if l != nil {
		text.group = l.Group
	}
	above := &t.nodes[parent]
	if l == layer.HTTPServer && parent == int32(len(t.nodes))-1 && above.kind == layer.Client {
		if caller := t.keys.list[above.key]; caller.group == layer.HTTPClient.Group {
			if r := v.Text("response.route"); len(r) > 0 {
				t.before.At(t.point(above))
				above.key = t.keys.of(caller, t.before.call(subject.Route(r)))
			}
		}
	}
	return t.keys.of(text, v.subject(l, kind))
}

// subjects says what points are about, one after the other.
type subjects struct {
	*report.View
	statements *sqltext.Cache
	text       []byte
}

func newSubjects(r *report.Report, statements *sqltext.Cache) *subjects {
	return &subjects{View: r.NewView(), statements: statements}
}

// call is the name of an HTTP call that was served by a route.
func (s *subjects) call(route []byte) []byte {
	s.text = append(append(s.text[:0], s.Text("requests.method")...), ' ')
	s.text = append(append(s.text, s.Text("requests.hostname")...), route...)
	return s.text
}

// Fingerprint implements [subject.Texts].
func (s *subjects) Fingerprint(statement []byte) string { return s.statements.Fingerprint(statement) }

// Subject is what p has in common with the points of its name that do the same: a
// statement without literals, a route or a path with a star for each id, a method,
// a subject. It is "" where the name says all. The text is as stored: hostile.
func Subject(r *report.Report, p *report.Point) string {
	s := newSubjects(r, new(sqltext.Cache))
	s.At(p)
	return string(s.subject(s.Layer(), s.Kind()))
}

// subject is valid until the next call.
func (s *subjects) subject(l *layer.Layer, kind layer.Kind) []byte {
	s.text = subject.Append(s.text[:0], l, kind, s)
	return s.text
}

func joined(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }

// title is how a sentence names the points of a key.
func (t *tree) title(key int32) string {
	k := t.keys.list[key]
	text := k.what
	switch {
	case text == "":
		text = k.name
	case k.group == layer.GRPC.Group:
		text = text[strings.LastIndexByte(text, '/')+1:]
	case k.group == layer.SQL.Group && k.name == "db_prepare":
		text = "prepare " + text
	}
	if text == "" {
		return "(no name)"
	}
	return shorten(text)
}

// titleOf names a node with its service.
func (t *tree) titleOf(i int32) string {
	n := &t.nodes[i]
	if n.index == none {
		return "the trace"
	}
	return t.title(n.key) + in(t.point(n).Service)
}

func in(service string) string {
	if service == "" {
		return ""
	}
	return " (" + shorten(service) + ")"
}

// longest is how many bytes of a name a sentence holds.
const longest = 60

// shorten cuts a name in the middle.
func shorten(s string) string { return shortenTo(s, longest) }

func shortenTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	head, tail := most*2/3, len(s)-most/3
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + "…" + s[tail:]
}

// arguments identifies what a call was made with. Known says that equal texts are
// equal arguments; different texts are different ones in any case.
func (t *tree) arguments(i int32) (text string, known bool) {
	n := &t.nodes[i]
	group := t.keys.list[n.key].group
	if hash := t.r.Text(t.point(n), group+".args_hash"); hash != "" {
		return hash, true
	}
	switch group {
	case layer.SQL.Group:
		statement := t.r.Text(t.point(n), "db.statement")
		params := jsontext.Get(t.r.Info(t.point(n), record.Start), "db", "params")
		return statement + "\x00" + string(params), len(params) == 0 && !hasPlaceholder(statement)
	case layer.HTTPClient.Group:
		text = t.r.Text(t.point(n), "requests.path") + "?" + t.r.Text(t.point(n), "requests.query")
		method := t.r.Text(t.point(n), "requests.method")
		return text, method == "GET" || method == "HEAD"
	case layer.NATS.Group:
		return t.r.Text(t.point(n), "nats.subject"), false
	}
	return "", false
}

// hasPlaceholder says whether a statement may have arguments besides its text.
func hasPlaceholder(statement string) bool {
	return strings.ContainsAny(statement, "?$:@%")
}

// times is a count with the sign of a factor: "×200".
func times(n int) string { return " ×" + figures.Grouped(n) }
