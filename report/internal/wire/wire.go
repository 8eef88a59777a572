// Package wire appends fields of protobuf messages, for forms whose generated code
// would be all of Perfetto's or pprof's.
package wire

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Varint appends a field of type int64, uint64, int32, bool or an enum.
func Varint(b []byte, field protowire.Number, value int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(value))
}

// Fixed64 appends a field of type fixed64.
func Fixed64(b []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), value)
}

// Message appends a message, or bytes.
func Message(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

// Text appends a string; what is not UTF-8 in it becomes U+FFFD.
func Text(b []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), strings.ToValidUTF8(text, "\ufffd"))
}
