package findings

import (
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/sqltext"
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
	list  []keyText
	verbs []string // first words in capitals, such as "SELECT" and "GET"
	index map[keyText]int32
}

func newKeys() keys { return keys{index: map[keyText]int32{}} }

func (k *keys) of(text keyText) int32 {
	i, ok := k.index[text]
	if !ok {
		i = int32(len(k.list))
		k.list = append(k.list, text)
		k.verbs = append(k.verbs, layer.SQL.Operation(layer.Client, text.what))
		k.index[text] = i
	}
	return i
}

// identify finds a point's key. The route by which an HTTP call was served names
// the call too, since a client does not know it.
func (t *tree) identify(n *node) int32 {
	p := n.p
	text := keyText{service: p.Service, name: p.Name, kind: n.kind}
	l := t.r.Layer(p)
	if l != nil {
		text.group = l.Group
	}
	text.what = subject(t.r, p, l, n.kind)
	if above := &t.nodes[n.parent]; l == layer.HTTPServer && n.parent == int32(len(t.nodes))-1 && above.kind == layer.Client {
		if caller := t.keys.list[above.key]; caller.group == layer.HTTPClient.Group && t.r.Text(p, "response.route") != "" {
			caller.what = t.r.Text(above.p, "requests.method") + " " + t.r.Text(above.p, "requests.hostname") + route(t.r.Text(p, "response.route"))
			above.key = t.keys.of(caller)
		}
	}
	return t.keys.of(text)
}

// Subject is what p has in common with the points of its name that do the same: a
// statement without literals, a route or a path with a star for each id, a method,
// a subject. It is "" where the name says all. The text is as stored: hostile.
func Subject(r *report.Report, p *report.Point) string {
	return subject(r, p, r.Layer(p), r.Kind(p))
}

func subject(r *report.Report, p *report.Point, l *layer.Layer, kind layer.Kind) string {
	text := func(path string) string { return r.Text(p, path) }
	switch l {
	case layer.HTTPServer:
		path := route(text("response.route"))
		if path == "" {
			path = pattern(text("request.path"), "/")
		}
		return joined(text("request.method"), path)
	case layer.HTTPClient:
		return joined(text("requests.method"), text("requests.hostname")+pattern(text("requests.path"), "/"))
	case layer.SQL:
		if f := text("db.fingerprint"); f != "" {
			return f
		}
		return sqltext.Fingerprint(text("db.statement"), sqltext.Standard)
	case layer.GRPC:
		return text("grpc.method")
	case layer.NATS:
		return pattern(text("nats.subject"), ".")
	case layer.Function:
		return text("function.name")
	case nil:
		return text("method") // OSProfiler's RPC points
	}
	return layer.Expand(l.Span, func(path string) string {
		if path == "operation" {
			return l.Operation(kind, "")
		}
		return text(path)
	})
}

func joined(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }

// route is a route's path: Go's patterns may begin with a method and end in one
// that stands for nothing.
func route(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = strings.TrimSpace(path)
	}
	return strings.TrimSuffix(pattern, "{$}")
}

// pattern is a path or a subject with a star for each part that has a digit and
// so is likely to be an id; a version such as "v2" or "v2.1" is none.
func pattern(text, separator string) string {
	if !strings.ContainsAny(text, digits) {
		return text
	}
	parts := strings.Split(text, separator)
	for k, part := range parts {
		if strings.ContainsAny(part, digits) && !isVersion(part) {
			parts[k] = "*"
		}
	}
	return strings.Join(parts, separator)
}

const digits = "0123456789"

func isVersion(part string) bool {
	return len(part) <= 5 && part[0]|0x20 == 'v' && strings.Trim(part[1:], digits+".") == ""
}

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
	if n.p == nil {
		return "the trace"
	}
	return t.title(n.key) + in(n.p.Service)
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
	if hash := t.r.Text(n.p, group+".args_hash"); hash != "" {
		return hash, true
	}
	switch group {
	case layer.SQL.Group:
		statement := t.r.Text(n.p, "db.statement")
		params := jsontext.Get(t.r.Info(n.p, record.Start), "db", "params")
		return statement + "\x00" + string(params), len(params) == 0 && !hasPlaceholder(statement)
	case layer.HTTPClient.Group:
		text = t.r.Text(n.p, "requests.path") + "?" + t.r.Text(n.p, "requests.query")
		method := t.r.Text(n.p, "requests.method")
		return text, method == "GET" || method == "HEAD"
	case layer.NATS.Group:
		return t.r.Text(n.p, "nats.subject"), false
	}
	return "", false
}

// hasPlaceholder says whether a statement may have arguments besides its text.
func hasPlaceholder(statement string) bool {
	return strings.ContainsAny(statement, "?$:@%")
}

// times is a count with the sign of a factor: "×200".
func times(n int) string { return " ×" + figures.Grouped(n) }
