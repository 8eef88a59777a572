package otelid

import (
	"encoding/hex"
	"testing"

	"github.com/sonde-go/sonde/header"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestIDs(t *testing.T) {
	for _, c := range []struct{ id, trace, span string }{
		{"0123abcd-4567-4abc-9def-0123456789ab", "0123abcd45674abc9def0123456789ab", "9def0123456789ab"},
		// The beginning of what sha256sum says of the text.
		{"0123abcd-4567-4abc-0000-000000000000", "0123abcd45674abc0000000000000000", "99a36818d3d771cb"},
		{"req-7", "07bafb3048040b42808ee72db05f40a7", "07bafb3048040b42"},
	} {
		id, err := header.ParseID(c.id)
		if err != nil {
			t.Fatal(err)
		}
		trace, span := TraceID(id), SpanID(id)
		if hex.EncodeToString(trace[:]) != c.trace || hex.EncodeToString(span[:]) != c.span {
			t.Errorf("%s: %x %x", c.id, trace, span)
		}
		if _, ok := id.UUID(); ok && BaseID(trace) != id {
			t.Errorf("%s: back it is %s", c.id, BaseID(trace))
		}
	}
}
