package header

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// ID names a trace (base id), a trace point (trace id) or a point's parent.
// It is a small comparable value. The zero ID is not an id.
//
// A canonical lower-case UUID, which is what this package makes, is held as
// its 16 bytes; any other valid id is kept as text.
type ID struct {
	uuid [16]byte
	text string // "" for a canonical UUID
}

// ErrID is what [ParseID] returns for a text that is not an id.
var ErrID = errors.New("not an id: " + idRule)

const idRule = "want 1 to 128 letters, digits, dashes or underscores, the first a letter or digit"

// NewID makes a random (version 4) UUID. It is safe for concurrent use. Ids
// are unique, not secret: it is the signature that keeps strangers out.
func NewID() ID {
	var id ID
	binary.BigEndian.PutUint64(id.uuid[:8], rand.Uint64()&^0xf000|0x4000)
	binary.BigEndian.PutUint64(id.uuid[8:], rand.Uint64()&^(3<<62)|2<<62)
	return id
}

// ParseID reads an id: a UUID in any spelling, or any other text that matches
// [A-Za-z0-9][A-Za-z0-9_-]{0,127}. Ids are compared as written: an upper-case
// UUID and its lower-case form are two ids, as they are upstream. The only error
// is [ErrID].
func ParseID[T string | []byte](s T) (ID, error) {
	var id ID
	if parseUUID(s, &id.uuid) {
		return id, nil
	}
	if !validText(s) {
		return ID{}, ErrID
	}
	return ID{text: string(s)}, nil
}

func validText[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case (c == '-' || c == '_') && i > 0:
		default:
			return false
		}
	}
	return true
}

// IsZero reports whether id is the zero ID.
func (id ID) IsZero() bool { return id == ID{} }

// FromUUID returns u as an id, so that a service which already has an id for each
// request can begin its traces under it. A uuid.UUID of github.com/google/uuid
// can be passed without conversion. It returns false for the nil UUID, which is
// not an id.
func FromUUID(u [16]byte) (ID, bool) { return ID{uuid: u}, u != [16]byte{} }

// UUID returns id as the 16 bytes of a UUID, which are assignable to a uuid.UUID
// of github.com/google/uuid. It returns false if id is not a UUID in canonical
// form.
func (id ID) UUID() ([16]byte, bool) { return id.uuid, id.text == "" && id.uuid != [16]byte{} }

// Append appends the text of id to b; for the zero ID it appends nothing.
func (id ID) Append(b []byte) []byte {
	switch {
	case id.text != "":
		return append(b, id.text...)
	case id.uuid == [16]byte{}:
		return b
	}
	b = append(b, "00000000-0000-0000-0000-000000000000"...)
	putUUID((*[36]byte)(b[len(b)-36:]), &id.uuid)
	return b
}

// PutUUID writes the text of id to dst if id is a canonical UUID, and reports
// whether it is. It never allocates.
func (id *ID) PutUUID(dst *[36]byte) bool {
	if id.text != "" || id.uuid == [16]byte{} {
		return false
	}
	putUUID(dst, &id.uuid)
	return true
}

// String returns the text of id, "" for the zero ID.
func (id ID) String() string { return string(id.Append(nil)) }

// MarshalText implements [encoding.TextMarshaler].
func (id ID) MarshalText() ([]byte, error) { return id.Append(nil), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; empty text yields the
// zero ID.
func (id *ID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	*id, err = ParseID(b)
	return err
}

const hexDigits = "0123456789abcdef"

// hexPairs has the two digits of every byte, the first one in the low half;
// unhex has the value of each digit, and 0xff for anything but a lower-case hex
// digit.
var hexPairs, unhex = hexTables()

func hexTables() (pairs [256]uint16, values [256]byte) {
	for i := range 256 {
		pairs[i] = uint16(hexDigits[i>>4]) | uint16(hexDigits[i&15])<<8
		values[i] = 0xff
	}
	for i := range hexDigits {
		values[hexDigits[i]] = byte(i)
	}
	return pairs, values
}

// putUUID writes the canonical form. It is unrolled so that the compiler can
// drop the bounds checks: a record holds three ids.
func putUUID(dst *[36]byte, u *[16]byte) {
	put := func(to []byte, b byte) { binary.LittleEndian.PutUint16(to, hexPairs[b]) }
	put(dst[0:], u[0])
	put(dst[2:], u[1])
	put(dst[4:], u[2])
	put(dst[6:], u[3])
	put(dst[9:], u[4])
	put(dst[11:], u[5])
	put(dst[14:], u[6])
	put(dst[16:], u[7])
	put(dst[19:], u[8])
	put(dst[21:], u[9])
	put(dst[24:], u[10])
	put(dst[26:], u[11])
	put(dst[28:], u[12])
	put(dst[30:], u[13])
	put(dst[32:], u[14])
	put(dst[34:], u[15])
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
}

// parseUUID reads the canonical lower-case form. The nil UUID is left to the
// text form, since sixteen zero bytes are the zero ID.
func parseUUID[T string | []byte](s T, u *[16]byte) bool {
	var t [36]byte
	if len(s) != copy(t[:], s) || len(s) != len(t) || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return false
	}
	var bad byte
	digits := func(hi, lo byte) byte {
		h, l := unhex[hi], unhex[lo]
		bad |= h | l
		return h<<4 | l&15
	}
	*u = [16]byte{
		digits(t[0], t[1]), digits(t[2], t[3]), digits(t[4], t[5]), digits(t[6], t[7]),
		digits(t[9], t[10]), digits(t[11], t[12]),
		digits(t[14], t[15]), digits(t[16], t[17]),
		digits(t[19], t[20]), digits(t[21], t[22]),
		digits(t[24], t[25]), digits(t[26], t[27]), digits(t[28], t[29]), digits(t[30], t[31]), digits(t[32], t[33]), digits(t[34], t[35]),
	}
	if bad&0xf0 != 0 || *u == [16]byte{} {
		*u = [16]byte{}
		return false
	}
	return true
}
