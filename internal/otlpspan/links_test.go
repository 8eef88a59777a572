package otlpspan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// TestLinks: what points are linked to by any of the layers is a span's link, and no
// attribute; what is no link is not taken for one.
func TestLinks(t *testing.T) {
	m := Maker{Foreign: func(string) *layer.Layer { return nil }}
	for info, want := range map[string]string{
		`{"sonde":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}`: "4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 1",
		`{"links":[{"base_id":"0123abcd-4567-4abc-9def-0123456789ab","trace_id":"0123abcd-4567-4abc-8def-0123456789ab"},` +
			`{"base_id":"0123abcd-4567-4abc-9def-0123456789ab","span_id":"00f067aa0ba902b7","attributes":{"n":1,"a":"b"}}]}`: "0123abcd45674abc9def0123456789ab 8def0123456789ab 0, 0123abcd45674abc9def0123456789ab 00f067aa0ba902b7 0 n a",
		`{"sonde":{"traceparent":"00-4bf9"}}`: "",
		`{"links":[7,[],{},{"base_id":7},{"base_id":"a"},{"base_id":"a","span_id":"xx"},{"base_id":"a","span_id":"00f0"}]}`: "",
	} {
		id := header.NewID()
		e := record.New(record.Fields{Name: "job", Phase: record.Start, Trace: id, Point: header.NewID(), Parent: id, Time: 1, Info: []byte(info)})
		s := m.Span(&e, nil)
		var got []string
		for _, l := range s.Links {
			text := fmt.Sprintf("%x %x %d", l.TraceId, l.SpanId, l.Flags)
			for _, a := range l.Attributes {
				text += " " + a.Key
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: links %q, want %q", info, text, want)
		}
		for _, a := range s.Attributes {
			if a.Key == linksMember || a.Key == traceParentMember {
				t.Errorf("%s: an attribute %v", info, a)
			}
		}
	}
}
