package profiler

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/sonde-go/sonde/layer"
)

// maxTold is how many foreign layers one trace describes in one process.
const maxTold = 16

// kindMember is the member of info.sonde that says a point's kind, kindAlone an
// info.sonde that says nothing else; both with a comma behind, and empty for
// layer.Unspecified.
var kindMember, kindAlone = func() (members, alone [layer.Consumer + 1]string) {
	for k := layer.Internal; k <= layer.Consumer; k++ {
		members[k] = `"kind":"` + k.String() + `",`
		alone[k] = `"sonde":{"kind":"` + k.String() + `"},`
	}
	return members, alone
}()

// told is the kind that the start record of a point says: none where its layer
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

// descriptions has for each foreign layer the member of info.sonde that
// describes it; empty for one that cannot be described. A program has few layers;
// one that makes them on the fly pays for each anew.
var descriptions struct {
	mu   sync.Mutex
	text map[*layer.Layer]string // guarded by mu
}

const maxDescriptions = 256

// describe returns the description of l if it is foreign and this trace has not
// told it yet, empty otherwise.
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
