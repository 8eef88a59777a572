package wire

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protowire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestFields: what was appended is read back, with its number and type.
func TestFields(t *testing.T) {
	b := Varint(nil, 1, -1)
	b = Fixed64(b, 47, math.MaxUint64)
	b = Message(b, 11, []byte("abc"))
	b = Text(b, 22, "a\xffb")
	next := func(number protowire.Number, kind protowire.Type) {
		t.Helper()
		got, is, n := protowire.ConsumeTag(b)
		if n < 0 || got != number || is != kind {
			t.Fatalf("field %d of type %d, want %d of type %d", got, is, number, kind)
		}
		b = b[n:]
	}
	next(1, protowire.VarintType)
	v, n := protowire.ConsumeVarint(b)
	if b = b[n:]; int64(v) != -1 {
		t.Errorf("%d", v)
	}
	next(47, protowire.Fixed64Type)
	v, n = protowire.ConsumeFixed64(b)
	if b = b[n:]; v != math.MaxUint64 {
		t.Errorf("%d", v)
	}
	next(11, protowire.BytesType)
	text, n := protowire.ConsumeString(b)
	if b = b[n:]; text != "abc" {
		t.Errorf("%q", text)
	}
	next(22, protowire.BytesType)
	if text, n := protowire.ConsumeString(b); n != len(b) || text != "a\ufffdb" {
		t.Errorf("%q", text)
	}
}
