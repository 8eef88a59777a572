package header

import (
	"encoding/binary"
	"encoding/json"
	"unicode/utf8"
)

// Info is the content of X-Trace-Info: the trace, and the point that is the
// parent of the receiver's first point. ParentID equals BaseID if no point is
// open.
type Info struct {
	BaseID, ParentID ID
}

// The payload as Python's json.dumps writes it, which is what nearly every
// request carries.
const (
	jsonA = `{"base_id": "`
	jsonB = `", "parent_id": "`
	jsonC = `"}`

	uuidLen  = 36
	parentAt = len(jsonA) + uuidLen + len(jsonB)
	usualLen = parentAt + uuidLen + len(jsonC)
)

// appendJSON appends the payload of a trace up to the parent.
func (base *ID) appendJSON(b []byte) []byte {
	return append(base.Append(append(b, jsonA...)), jsonB...)
}

// parseInfo reads the decoded payload.
func parseInfo(d []byte, in *Info) error {
	if parseUsual(d, in) {
		return nil
	}
	return parseAny(d, in)
}

// parseUsual reads the usual payload: two canonical UUIDs in the usual layout.
func parseUsual(d []byte, in *Info) bool {
	if len(d) != usualLen ||
		string(d[:len(jsonA)]) != jsonA ||
		string(d[len(jsonA)+uuidLen:parentAt]) != jsonB ||
		string(d[usualLen-len(jsonC):]) != jsonC {
		return false
	}
	*in = Info{}
	return parseUUID(d[len(jsonA):len(jsonA)+uuidLen], &in.BaseID.uuid) &&
		parseUUID(d[parentAt:parentAt+uuidLen], &in.ParentID.uuid)
}

func parseAny(d []byte, in *Info) error {
	*in = Info{}
	if !utf8.Valid(d) || !json.Valid(d) {
		return ErrNotJSON
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(d, &fields); err != nil || fields == nil {
		return ErrNotObject
	}
	for name := range fields {
		switch name {
		case "base_id", "parent_id", "hmac_key":
		default:
			return ErrExtraField
		}
	}
	base, ok := fields["base_id"]
	if !ok {
		return ErrNoBaseID
	}
	var err error
	var text *string
	if json.Unmarshal(base, &text) != nil || text == nil {
		return ErrBaseID
	}
	if in.BaseID, err = ParseID(*text); err != nil {
		return ErrBaseID
	}
	in.ParentID = in.BaseID
	parent, ok := fields["parent_id"]
	if !ok {
		return nil
	}
	text = nil
	if json.Unmarshal(parent, &text) != nil {
		return ErrParentID
	}
	if text == nil || *text == "" {
		return nil
	}
	if in.ParentID, err = ParseID(*text); err != nil {
		return ErrParentID
	}
	return nil
}

// decodeBase64 appends the decoded text of src to dst. It accepts what Python's
// urlsafe_b64decode accepts: both alphabets at once, characters outside them
// skipped, padding required, surplus padding ignored. Text after the padding is
// refused, as in Python 3.13. Eight digits in a row are decoded at once, as long as
// dst has room for them.
func decodeBase64(dst, src []byte) ([]byte, error) {
	n := len(dst)
	dst = dst[:cap(dst)]
	for len(src) > 8 && len(dst) >= n+8 {
		high, low := base64Group(src[:4]), base64Group(src[4:8])
		if (high|low)>>24 != 0 {
			break
		}
		binary.BigEndian.PutUint64(dst[n:], uint64(high)<<40|uint64(low)<<16)
		n += 6
		src = src[8:]
	}
	return decodeLenient(dst[:n], src)
}

// base64Group is the value of four digits; it has more than 24 bits if they are not.
func base64Group(s []byte) uint32 {
	_ = s[3]
	return base64Digits[s[0]]<<18 | base64Digits[s[1]]<<12 | base64Digits[s[2]]<<6 | base64Digits[s[3]]
}

// decodeLenient is decodeBase64 for any text, one character after the other.
func decodeLenient(dst, src []byte) ([]byte, error) {
	var acc uint32
	digits, pads, done := 0, 0, false
	for _, c := range src {
		if c >= 0x80 {
			return nil, ErrNotBase64
		}
		if c == '=' {
			if digits >= 2 && !done {
				pads++
				done = digits+pads >= 4
			}
			continue
		}
		v := base64Digits[c]
		if v == noDigit {
			continue
		}
		if done {
			return nil, ErrNotBase64
		}
		pads = 0
		acc = acc<<6 | v
		if digits++; digits == 4 {
			dst = append(dst, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, digits = 0, 0
		}
	}
	switch {
	case digits == 0:
		return dst, nil
	case !done:
		return nil, ErrNotBase64
	case digits == 2:
		return append(dst, byte(acc>>4)), nil
	default:
		return append(dst, byte(acc>>10), byte(acc>>2)), nil
	}
}

// base64Digits has the value of each digit of both alphabets, and noDigit for any
// other byte: its bits reach beyond the 24 of a group wherever it stands.
var base64Digits = func() (values [256]uint32) {
	for c := range values {
		values[c] = noDigit
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range digits {
		values[digits[i]] = uint32(i)
	}
	values['-'], values['+'], values['_'], values['/'] = 62, 62, 63, 63
	return values
}()

const noDigit = 1<<24 | 1<<18 | 1<<12 | 1<<6
