package record

import (
	"unsafe"

	"github.com/sonde-go/sonde/header"
)

// Known is a record in a layout that a [Parser] knows. Together with the record's
// name, trace and info it is all that was stored: [Known.Append] writes the payload
// again, byte for byte.
type Known struct {
	*Shape
	Point, Parent [16]byte // UUIDs
	Micros        int64    // Unix time in microseconds
	Number        Number
	Hash          uint64 // of the info: equal for infos that are equal
}

// Shape is what the payloads of many records have in common: blanks or none, the
// project and the service.
type Shape struct {
	layout           *layout
	tail             string // after the info, without the number and the last brace
	project, service *string
}

// Known returns what the Parser has found out about r, and false if r is in another
// layout or one of its fields has been set to another text since.
func (r *Record) Known() (*Known, bool) {
	k := &r.known
	if k.Shape == nil || r.Project != k.project || r.Service != k.service || r.Number != k.Number {
		return nil, false
	}
	at := len(k.layout.name) + len(r.Name) + len(k.layout.trace) + uuidSize + len(k.layout.point)
	ok := is(r.Point, r.Payload, at)
	at += uuidSize + len(k.layout.parent)
	ok = ok && is(r.Parent, r.Payload, at)
	at += uuidSize + len(k.layout.time)
	ok = ok && is(r.Timestamp, r.Payload, at)
	at += timeSize + len(k.layout.info)
	return k, ok && len(r.Info) > 0 && len(r.Payload) > at+len(r.Info)+len(k.tail) && &r.Info[0] == &r.Payload[at]
}

// is reports whether text is the part of payload that begins at a place.
func is(text string, payload []byte, at int) bool {
	return at < len(payload) && unsafe.StringData(text) == &payload[at]
}

// Append appends the payload of a record.
func (k *Known) Append(b []byte, name, trace string, info []byte) []byte {
	l := k.layout
	b = append(append(append(b, l.name...), name...), l.trace...)
	b = append(append(b, trace...), l.point...)
	b = appendUUID(b, k.Point)
	b = appendUUID(append(b, l.parent...), k.Parent)
	b = AppendTimestamp(append(b, l.time...), k.Micros*1000)
	b = append(append(append(b, l.info...), info...), k.tail...)
	if !k.Number.IsZero() {
		b = k.Number.append(b, l)
	}
	return append(b, '}')
}

func appendUUID(b []byte, u [16]byte) []byte {
	id, _ := header.FromUUID(u)
	return id.Append(b)
}
