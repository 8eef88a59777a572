package profiler

import (
	"context"
	"log/slog"
	"sync"

	"github.com/sonde-go/sonde/layer"
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

// told is a list of the foreign layers that a trace has described.
type told struct {
	layer  *layer.Layer
	before *told
}

// has reports whether l is among them, or may not be added.
func (d *told) has(l *layer.Layer) bool {
	n := 0
	for ; d != nil; d = d.before {
		if n++; d.layer == l || n == maxTold {
			return true
		}
	}
	return false
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
	known := t.told.has(l)
	if !known {
		t.told = &told{l, t.told}
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
