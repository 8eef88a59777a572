package profiler

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// maxTold is how many foreign layers one trace describes in one process.
const maxTold = 16

// kindMembers is the member of info.sonde that says a point's kind, with a comma
// behind; empty for layer.Unspecified.
var kindMembers = func() (members [layer.Consumer + 1]string) {
	for k := layer.Internal; k <= layer.Consumer; k++ {
		members[k] = `"kind":"` + k.String() + `",`
	}
	return members
}()

// tails are the ends of a service's records, each of which begins in the info.
type tails struct {
	// byKind has an info.sonde that says nothing but the kind, before the host; none
	// for layer.Unspecified.
	byKind    [layer.Consumer + 1][]byte
	afterInfo int // bytes of each
}

func newTails(s *record.Source) (t tails) {
	host := append(jsontext.AppendString([]byte(`"host":`), s.Host), '}')
	tail := record.AppendTail(host, s.Project, s.Service)
	t.afterInfo = len(tail) - len(host)
	for k, member := range kindMembers {
		if member != "" {
			t.byKind[k] = append(t.byKind[k], `"sonde":{`+member[:len(member)-1]+`},`...)
		}
		t.byKind[k] = append(t.byKind[k], tail...)
	}
	return t
}

// host is the tail from the host on, and info the one of a record that has no other
// attributes.
func (t *tails) host() []byte { return t.byKind[layer.Unspecified] }

func (t *tails) info(k layer.Kind) []byte {
	tail := t.byKind[k]
	return append([]byte{'{'}, tail[:len(tail)-t.afterInfo]...)
}

// end ends the record that e holds.
func (e *encoder) end(at int64) {
	e.layout.SetTime(e.buf[e.from:], at)
	t, kind := &e.svc.queue.tails, e.kind
	if e.sonde = kind != layer.Unspecified || e.truncated || e.about != ""; e.truncated || e.about != "" {
		e.buf = append(append(append(e.buf, `"sonde":{`...), kindMembers[kind]...), e.about...)
		if e.truncated {
			e.buf = append(e.buf, `"truncated":true,`...)
		}
		e.buf = append(e.buf[:len(e.buf)-1], '}', ',')
		kind = layer.Unspecified
	}
	e.buf = append(e.buf, t.byKind[kind]...)
	e.layout.EndInfo(len(e.buf) - t.afterInfo - e.from)
}

// told is the kind that the start record of a point states: none if its layer
// implies it.
func (o *Opening) told() layer.Kind {
	switch {
	case o.Layer != nil && o.Kind == o.Layer.Kind, o.Kind > layer.Consumer:
		return layer.Unspecified
	case o.Layer == nil && o.Kind == layer.Unspecified:
		return layer.Internal
	}
	return o.Kind
}

// goesOut says whether a point is a call or a message that is sent.
func (o *Opening) goesOut() bool {
	kind := o.Kind
	if kind == layer.Unspecified && o.Layer != nil {
		kind = o.Layer.Kind
	}
	return kind == layer.Client || kind == layer.Producer
}

// descriptions has the member of info.sonde that describes each foreign layer, or
// "" for one that cannot be described. A program has few layers; one that makes
// them on the fly pays for each of them.
var descriptions struct {
	mu   sync.Mutex
	text map[*layer.Layer]string // guarded by mu
}

const maxDescriptions = 256

// describe returns the description of l if it is foreign and not yet in a record of
// this trace, and "" otherwise.
func (t *trace) describe(l *layer.Layer) string {
	if l.BuiltIn() {
		return ""
	}
	t.mu.Lock()
	known := len(t.told) >= maxTold || slices.Contains(t.told, l)
	if !known {
		t.told = append(t.told, l)
	}
	t.mu.Unlock()
	if known {
		return ""
	}
	descriptions.mu.Lock()
	defer descriptions.mu.Unlock()
	text, ok := descriptions.text[l]
	if !ok {
		text = t.svc.description(l)
		if len(descriptions.text) >= maxDescriptions || descriptions.text == nil {
			descriptions.text = map[*layer.Layer]string{}
		}
		descriptions.text[l] = text
	}
	return text
}

func (s *Service) description(l *layer.Layer) string {
	stored, err := l.Stored()
	if err != nil {
		s.logger.LogAttrs(context.Background(), slog.LevelWarn,
			"sonde: a layer cannot be described, so reports show its points without a label", slog.Any("error", err))
		return ""
	}
	return `"layer":` + string(stored) + `,`
}
