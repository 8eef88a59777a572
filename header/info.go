package header

import (
	"encoding/base64"
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

func (in *Info) appendJSON(b []byte) []byte {
	b = in.BaseID.Append(append(b, jsonA...))
	parent := &in.ParentID
	if parent.IsZero() {
		parent = &in.BaseID
	}
	b = parent.Append(append(b, jsonB...))
	return append(b, jsonC...)
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
// skipped, padding required, surplus padding ignored. Text after the padding
// is refused, as in Python 3.13.
func decodeBase64(dst, src []byte) ([]byte, error) {
	n, err := base64.URLEncoding.Decode(dst[:cap(dst)], src)
	if err == nil {
		return dst[:n], nil
	}
	return decodeLenient(dst[:0], src)
}

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
		v := base64Value(c)
		if v < 0 {
			continue
		}
		if done {
			return nil, ErrNotBase64
		}
		pads = 0
		acc = acc<<6 | uint32(v)
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

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '-' || c == '+':
		return 62
	case c == '_' || c == '/':
		return 63
	}
	return -1
}
