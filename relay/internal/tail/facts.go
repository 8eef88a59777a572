package tail

import (
	"strings"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// facts are what the rules ask of a trace, gathered record by record. The infos are
// parts of the records' text.
type facts struct {
	failed   bool
	from, to int64 // of all records, Unix time in microseconds; both 0: none is known
	root     root
}

// root is a point at the top of a trace. Of several the first to start counts.
type root struct {
	point         header.ID // zero: none is known
	name, service string
	starts, stops int64 // 0: not seen
	start, stop   []byte
}

// read gathers the facts of records.
func read(events []record.Event) (f facts) {
	for i := range events {
		e := &events[i]
		at := e.Time() / 1000
		if f.from == 0 || at < f.from {
			f.from = at
		}
		f.to = max(f.to, at)
		stop := e.Phase() == record.Stop
		if stop && !f.failed {
			etype, _ := jsontext.Member(e.Info(), "etype")
			f.failed = len(etype) > 0 && etype[0] != 'n'
		}
		if e.Parent() != e.Trace() {
			continue
		}
		top := root{point: e.Point(), name: e.Name(), service: e.Service()}
		if stop {
			top.stops, top.stop = at, e.Info()
		} else {
			top.starts, top.start = at, e.Info()
		}
		f.root.add(top)
	}
	return f
}

// add takes the facts of more records of the trace in.
func (f *facts) add(more facts) {
	f.failed = f.failed || more.failed
	if f.from == 0 || more.from != 0 && more.from < f.from {
		f.from = more.from
	}
	f.to = max(f.to, more.to)
	if !more.root.point.IsZero() {
		f.root.add(more.root)
	}
}

func (r *root) add(o root) {
	switch {
	case r.point == o.point:
		if o.starts != 0 {
			r.starts, r.start = o.starts, o.start
		}
		if o.stops != 0 {
			r.stops, r.stop = o.stops, o.stop
		}
	case r.point.IsZero() || o.starts != 0 && (r.starts == 0 || o.starts < r.starts):
		*r = o
	}
}

// duration is that of the root in microseconds, or from the first record to the last
// if the root has not begun or not ended.
func (f *facts) duration() int64 {
	if f.root.starts != 0 && f.root.stops >= f.root.starts {
		return f.root.stops - f.root.starts
	}
	return f.to - f.from
}

// maxName is how long a name may be: hostile ones are longer.
const maxName = 200

// name is what a trace is counted under: the service and the root's name, by its layer
// if that has one of low cardinality, such as "GET /users/{id}".
func (f *facts) name() string {
	r := &f.root
	name := r.name
	for _, l := range r.layers() {
		if text := layer.Expand(l.Span, func(path string) string { return r.text(l, path) }); text != "" {
			name = text
			break
		}
	}
	name = r.service + " " + name
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return strings.Clone(name)
}

func (r *root) layers() (ls []*layer.Layer) {
	foreign, _ := layer.Parse(jsontext.Get(r.start, "sonde", "layer"))
	jsontext.Members(r.start, func(key, _ []byte) bool {
		group := string(key[1 : len(key)-1])
		if l := layer.ByGroup(group); l != nil {
			ls = append(ls, l)
		} else if foreign != nil && foreign.Group == group {
			ls = append(ls, foreign)
		}
		return true
	})
	return ls
}

// text is what stands for a member of a layer's template.
func (r *root) text(l *layer.Layer, path string) string {
	if path == "operation" {
		return l.Operation(layer.ParseKind(r.member("sonde.kind")), r.member("db.statement"))
	}
	return r.member(path)
}

func (r *root) member(path string) string {
	names := strings.Split(path, ".")
	for _, info := range [][]byte{r.stop, r.start} {
		value := jsontext.Get(info, names...)
		if text, ok := jsontext.Text(value); ok {
			return text
		}
		if len(value) > 0 && value[0] != 'n' {
			return string(value)
		}
	}
	return ""
}
