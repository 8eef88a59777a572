// Package subject says what points of one name have in common that do the same: a
// statement without literals, a route or a path with a star for each id, a method, a
// topic. What groups points while they are made and what reads them later group them
// alike by it.
package subject

import (
	"bytes"
	"strings"

	"github.com/sonde-go/sonde/layer"
)

// Texts are what the records of a point say.
type Texts interface {
	// Text returns the text of a member of info by its path, "db.statement".
	Text(path string) []byte
	// Fingerprint returns a statement without its literals.
	Fingerprint(statement []byte) string
}

// Append appends what a point of a layer and a kind is about, nothing if its name
// says all. The texts are as stored: hostile.
func Append(b []byte, l *layer.Layer, kind layer.Kind, t Texts) []byte {
	from := len(b)
	switch l {
	case layer.HTTPServer:
		b = append(append(b, t.Text("request.method")...), ' ')
		if path := Route(t.Text("response.route")); len(path) > 0 {
			b = append(b, path...)
		} else {
			b = appendPattern(b, t.Text("request.path"), '/')
		}
		return trim(b, from)
	case layer.HTTPClient:
		b = append(append(b, t.Text("requests.method")...), ' ')
		b = appendPattern(append(b, t.Text("requests.hostname")...), t.Text("requests.path"), '/')
		return trim(b, from)
	case layer.SQL:
		if f := t.Text("db.fingerprint"); len(f) > 0 {
			return append(b, f...)
		}
		return append(b, t.Fingerprint(t.Text("db.statement"))...)
	case layer.GRPC:
		return append(b, t.Text("grpc.method")...)
	case layer.NATS:
		return appendPattern(b, t.Text("nats.subject"), '.')
	case layer.Function:
		return append(b, t.Text("function.name")...)
	case nil:
		return append(b, t.Text("method")...) // OSProfiler's RPC points
	}
	return layer.AppendExpanded(b, l.Span, func(b []byte, path string) []byte {
		if path == "operation" {
			return append(b, l.Operation(kind, "")...)
		}
		return append(b, t.Text(path)...)
	})
}

// trim removes the blanks around what was appended.
func trim(b []byte, from int) []byte {
	return append(b[:from], bytes.TrimSpace(b[from:])...)
}

// Route is a route's path: Go's patterns may begin with a method and end in one
// that stands for nothing.
func Route(pattern []byte) []byte {
	if _, path, ok := bytes.Cut(pattern, []byte(" ")); ok {
		pattern = bytes.TrimSpace(path)
	}
	return bytes.TrimSuffix(pattern, []byte("{$}"))
}

// appendPattern appends a path or a subject with a star for each part that has a
// digit and so is likely to be an id; a version such as "v2" or "v2.1" is none.
func appendPattern(b, text []byte, separator byte) []byte {
	for {
		end := bytes.IndexByte(text, separator)
		part := text
		if end >= 0 {
			part = text[:end]
		}
		if hasDigit(part) && !isVersion(string(part)) {
			b = append(b, '*')
		} else {
			b = append(b, part...)
		}
		if end < 0 {
			return b
		}
		b, text = append(b, separator), text[end+1:]
	}
}

func hasDigit(b []byte) bool {
	for _, c := range b {
		if c >= '0' && c <= '9' {
			return true
		}
	}
	return false
}

const digits = "0123456789"

func isVersion(part string) bool {
	return len(part) <= 5 && part[0]|0x20 == 'v' && strings.Trim(part[1:], digits+".") == ""
}
