package record

import (
	"strconv"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// Number says which of a trace's records one is: the N-th that a producer has made of
// the trace, counted from 1 without gaps, so that a reader can tell that some are
// missing. The zero Number is that of a record that is not numbered.
//
// A record may be stored with its Number, as its last member, which OSProfiler's tools
// ignore:
//
//	"sonde":{"from":"9f3c5a0e12ab34cd","n":17}
type Number struct {
	// From is the producer, a number that each service draws at random. A service that
	// both begins a trace and is called in it is two producers of that trace, and so is
	// one that has forgotten a trace in the meantime.
	From uint64
	N    uint64
}

// maxDigits is how many digits a stored N may have. What is longer is no number.
const maxDigits = 15

// IsZero reports whether the record is not numbered.
func (n Number) IsZero() bool { return n.N == 0 }

// AppendMember appends n as it is stored, with the comma before it.
func (n Number) AppendMember(b []byte) []byte { return n.append(b, &compact) }

func (n Number) append(b []byte, l *layout) []byte {
	b = append(b, l.from...)
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[n.From>>shift&15])
	}
	return append(strconv.AppendUint(append(b, l.n...), n.N, 10), '}')
}

// ParseNumber reads the member "sonde" of a stored record. What is not as
// [Number.AppendMember] writes it, but for blanks and further members, is the zero
// Number.
func ParseNumber(object []byte) (n Number) {
	jsontext.Members(object, func(key, value []byte) bool {
		switch {
		case jsontext.KeyIs(key, "from"):
			n.From = 0
			if len(value) == 18 && value[0] == '"' {
				n.From = parseFrom(value[1:17])
			}
		case jsontext.KeyIs(key, "n"):
			n.N = parseN(value)
		}
		return true
	})
	if n.From == 0 || n.N == 0 {
		return Number{}
	}
	return n
}

// parseFrom reads 16 hexadecimal digits, and returns 0 if they are none.
func parseFrom(b []byte) (from uint64) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			from = from<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			from = from<<4 | uint64(c-'a'+10)
		default:
			return 0
		}
	}
	return from
}

// parseN reads a decimal number as it is written without need, and returns 0 if it is
// none.
func parseN(b []byte) (n uint64) {
	if len(b) == 0 || len(b) > maxDigits || b[0] == '0' {
		return 0
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// cutNumber takes the number off the end of a record in a layout. The rest has no
// closing brace.
func (l *layout) cutNumber(tail []byte) (rest []byte, n Number) {
	if len(tail) == 0 || tail[len(tail)-1] != '}' {
		return tail, n
	}
	rest = tail[:len(tail)-1]
	if len(rest) == 0 || rest[len(rest)-1] != '}' {
		return rest, n
	}
	digits := len(rest) - 1
	for digits > 0 && rest[digits-1] >= '0' && rest[digits-1] <= '9' {
		digits--
	}
	from := digits - len(l.n) - 16
	before := from - len(l.from)
	if before < 0 || string(rest[before:from]) != l.from || string(rest[from+16:digits]) != l.n {
		return rest, n
	}
	n = Number{parseFrom(rest[from : from+16]), parseN(rest[digits : len(rest)-1])}
	if n.From == 0 || n.N == 0 {
		return rest, Number{}
	}
	return rest[:before], n
}
