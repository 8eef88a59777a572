package otlpspan

import (
	"cmp"
	"slices"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// maxDepth is how deep objects in info are flattened.
const maxDepth = 8

// pointInfo is the content of a point's infos, parsed once.
type pointInfo struct {
	name    string         // of the point
	members []member       // what is no object, in order
	values  map[string]int // index of the first member with a name that is not null
	layers  []*layer.Layer // of the objects at the top, in order
	ours    bool           // recorded by Sonde, as far as the records tell

	etype, message []byte // of a failure; nil: absent or null
}

// member is a value in info by its path: "request.method".
type member struct {
	name  string
	value []byte
}

func newPointInfo(start, stop *record.Event, foreign func(string) *layer.Layer) *pointInfo {
	i := &pointInfo{name: cmp.Or(start, stop).Name(), values: map[string]int{}}
	for _, e := range []*record.Event{start, stop} {
		if e != nil {
			i.ours = i.ours || e.Producer() != 0
			i.read(e.Info(), foreign)
		}
	}
	// OSProfiler never stores these two.
	i.ours = i.ours || i.has("sonde.kind") || i.has("response.status_code")
	return i
}

// read parses one info. The host is exported with the resource, and a failure
// separately.
func (i *pointInfo) read(info []byte, foreign func(string) *layer.Layer) {
	etype, failed := jsontext.Member(info, "etype")
	failed = failed && string(etype) != "null"
	if failed {
		i.etype, i.message = etype, nil
	}
	jsontext.UniqueMembers(info, func(key, value []byte) {
		switch name := plain(key); {
		case name == "host", name == "etype":
		case failed && name == "message":
			if string(value) != "null" {
				i.message = value
			}
		default:
			if value[0] == '{' {
				i.addLayer(cmp.Or(layer.ByGroup(name), foreign(name)))
			}
			i.add(name, value, maxDepth)
		}
	})
}

func (i *pointInfo) addLayer(l *layer.Layer) {
	if l != nil && !slices.Contains(i.layers, l) {
		i.layers = append(i.layers, l)
	}
}

func (i *pointInfo) add(name string, value []byte, depth int) {
	if value[0] == '{' && depth > 0 && name != "db.params" {
		jsontext.UniqueMembers(value, func(key, value []byte) {
			i.add(name+"."+plain(key), value, depth-1)
		})
		return
	}
	if _, ok := i.values[name]; !ok && value[0] != 'n' {
		i.values[name] = len(i.members)
	}
	i.members = append(i.members, member{name, value})
}

func (i *pointInfo) has(name string) bool {
	_, ok := i.values[name]
	return ok
}

// text is a value as text, or "" if there is none.
func (i *pointInfo) text(name string) string {
	at, ok := i.values[name]
	if !ok {
		return ""
	}
	return plain(i.members[at].value)
}

// plain is the text of a JSON string, or the JSON of any other value.
func plain(value []byte) string {
	if s, ok := jsontext.Text(value); ok {
		return s
	}
	return string(value)
}
