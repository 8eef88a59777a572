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

// kindTexts are the members of info.sonde that say a point's kind.
var kindTexts = func() (texts [6]string) {
	for k := range texts {
		texts[k] = `"kind":"` + layer.Kind(k).String() + `",`
	}
	texts[layer.Unspecified] = ""
	return texts
}()

// about is what the start record of a point says in info.sonde: its kind where
// its layer does not imply it.
func (o *Opening) about() string {
	k := o.Kind
	switch {
	case o.Layer != nil && (k == layer.Unspecified || k == o.Layer.Kind):
		return ""
	case k == layer.Unspecified:
		k = layer.Internal
	}
	if int(k) >= len(kindTexts) {
		return ""
	}
	return kindTexts[k]
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
	if l == nil || layer.ByGroup(l.Group) == l {
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
