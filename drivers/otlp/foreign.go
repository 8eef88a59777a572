package otlp

import (
	"bytes"
	"sync"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// maxForeign is how many foreign layers are remembered.
const maxForeign = 256

// foreignLayers are the layers that records have described, by group; the last
// description of a group counts. The zero value is empty. It is safe for
// concurrent use.
type foreignLayers struct {
	mu     sync.RWMutex
	layers map[string]*layer.Layer // guarded by mu
}

// learn takes over the descriptions that events carry.
func (f *foreignLayers) learn(events []record.Event) {
	for i := range events {
		if !bytes.Contains(events[i].Info(), []byte(`"layer"`)) {
			continue
		}
		l, err := layer.Parse(jsontext.Get(events[i].Info(), "sonde", "layer"))
		if err != nil {
			continue
		}
		f.mu.Lock()
		if f.layers == nil || len(f.layers) >= maxForeign {
			f.layers = map[string]*layer.Layer{} // told again with the next traces
		}
		f.layers[l.Group] = l
		f.mu.Unlock()
	}
}

// get is the layer of a group, or nil if no record has described it.
func (f *foreignLayers) get(group string) *layer.Layer {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.layers[group]
}
