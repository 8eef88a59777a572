package otlpspan

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestHalves: a span is made of either record. What spans say of layers is tested in
// drivers/otlp, with all that the driver does.
func TestHalves(t *testing.T) {
	m := Maker{Prefix: "cloud", Foreign: func(group string) *layer.Layer {
		if group == "bus" {
			return &layer.Layer{Group: "bus", Kind: layer.Consumer}
		}
		return nil
	}}
	trace, point := header.NewID(), header.NewID()
	event := func(phase record.Phase, at int64, info string) *record.Event {
		e := record.New(record.Fields{Name: "job", Phase: phase, Trace: trace, Point: point, Parent: trace, Time: at, Info: []byte(info)})
		return &e
	}
	start, stop := event(record.Start, 10, `{"bus":{"topic":"x"}}`), event(record.Stop, 5, `{"etype":"E","message":"m"}`)
	for name, c := range map[string]struct {
		start, stop *record.Event
		from, to    uint64
		kind        string
		mark        string
	}{
		"both":       {start, stop, 10, 10, "SPAN_KIND_CONSUMER", "error"}, // it stopped before it began
		"unfinished": {start, nil, 10, 10, "SPAN_KIND_CONSUMER", "sonde.unfinished"},
		"unstarted":  {nil, stop, 5, 5, "SPAN_KIND_INTERNAL", "sonde.unstarted"},
	} {
		s := m.Span(c.start, c.stop)
		marked := false
		for _, kv := range s.Attributes {
			marked = marked || kv.Key == c.mark && kv.Value.GetBoolValue()
		}
		if s.StartTimeUnixNano != c.from || s.EndTimeUnixNano != c.to || s.Kind.String() != c.kind || s.ParentSpanId != nil || !marked {
			t.Errorf("%s: %v", name, s)
		}
	}
	if s := m.Span(start, stop); s.Links != nil {
		t.Errorf("links of nothing: %v", s.Links)
	}
	if a := m.Resource(Source{"p", "s", ""}).Attributes; len(a) != 1 || a[0].Value.GetStringValue() != "cloud-p-s" {
		t.Errorf("%v", a)
	}
}
