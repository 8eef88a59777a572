package record

import (
	"bytes"
	"unsafe"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Parser reads the records of one trace. It is faster than [Parse] and gives the same
// results: the records of a trace are alike, so it looks first whether a record is in
// a layout that it knows, and the texts that records share (names, the trace,
// projects, services, hosts) are kept once. The zero Parser is ready for use; it is
// not safe for concurrent use.
type Parser struct {
	trace  string // in text and in binary
	clock  clock
	names  map[string]string
	hosts  []*string
	shapes []*Shape
}

// The most texts of a kind that a Parser keeps. A trace with more is read by the
// general parser.
const (
	maxNames  = 1000
	maxShapes = 64
)

// layout is a way to write a record: what stands around its values, in their order.
type layout struct {
	name, trace, point, parent, time, info string
	project, service, host, more           string
	from, n                                string // of the number
}

// The layouts of [Event.AppendJSON] and of Python's json.dumps.
var (
	compact = layout{
		beforeName, beforeTrace, beforePoint, beforeParent, beforeTime, beforeInfo,
		`,"project":`, `,"service":`, `"host":"`, `,`,
		`,"sonde":{"from":"`, `","n":`,
	}
	blanks = layout{
		`{"name": "`, `", "base_id": "`, `", "trace_id": "`, `", "parent_id": "`, `", "timestamp": "`, `", "info": `,
		`, "project": `, `, "service": `, `"host": "`, `, `,
		`, "sonde": {"from": "`, `", "n": `,
	}
)

// Parse reads a record as the function [Parse] does. The texts of the result may be
// parts of payload too, so it is valid as long as payload does not change.
func (p *Parser) Parse(payload []byte) (Record, error) {
	var r Record
	if p.parse(payload, &r) {
		return r, nil
	}
	return Parse(payload)
}

const (
	uuidSize = len(noID)
	timeSize = len(noTime)
)

// parse reads a record in a known layout, and returns false for any other and for
// what is no record: only what [Known.Append] would write just so is taken.
func (p *Parser) parse(b []byte, r *Record) bool {
	l := &compact
	if len(b) > len(l.name) && b[len(l.name)-1] == ' ' {
		l = &blanks
	}
	rest, ok := cut(b, l.name)
	if !ok {
		return false
	}
	quote := bytes.IndexByte(rest, '"')
	if quote < 0 || len(rest) < quote+len(l.trace)+len(l.point)+len(l.parent)+len(l.time)+len(l.info)+3*uuidSize+timeSize {
		return false
	}
	k := &r.known
	name, rest := rest[:quote], rest[quote:]
	if rest, ok = cut(rest, l.trace); !ok {
		return false
	}
	if r.Trace, ok = p.traceText(rest[:uuidSize]); !ok {
		return false
	}
	if rest, ok = cut(rest[uuidSize:], l.point); !ok || !uuid(rest, &k.Point) {
		return false
	}
	r.Point = text36(rest)
	if rest, ok = cut(rest[uuidSize:], l.parent); !ok || !uuid(rest, &k.Parent) {
		return false
	}
	r.Parent = text36(rest)
	if rest, ok = cut(rest[uuidSize:], l.time); !ok {
		return false
	}
	if k.Micros, ok = p.clock.parse(rest[:timeSize]); !ok {
		return false
	}
	r.Timestamp = unsafe.String(&rest[0], timeSize)
	if rest, ok = cut(rest[timeSize:], l.info); !ok || len(rest) == 0 || rest[0] != '{' {
		return false
	}
	end := jsontext.SkipNested(rest, 0)
	if end < 0 {
		return false
	}
	r.Info = rest[:end:end]
	if r.Host, ok = p.host(r.Info, l); !ok {
		return false
	}
	if r.Name, ok = p.name(name); !ok {
		return false
	}
	tail, number := l.cutNumber(rest[end:])
	if k.Shape = p.shape(tail, l); k.Shape == nil {
		return false
	}
	k.Number, r.Number = number, number
	r.Project, r.Service, r.Payload = k.Shape.project, k.Shape.service, b
	return true
}

func cut(b []byte, prefix string) (rest []byte, ok bool) {
	if len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
		return nil, false
	}
	return b[len(prefix):], true
}

// uuid reads the id that b begins with.
func uuid(b []byte, u *[16]byte) (ok bool) {
	id, err := header.ParseID(b[:uuidSize:uuidSize])
	*u, ok = id.UUID()
	return ok && err == nil
}

func text36(b []byte) string { return unsafe.String(&b[0], uuidSize) }

func (p *Parser) traceText(b []byte) (string, bool) {
	if string(b) != p.trace {
		var u [16]byte
		if !uuid(b, &u) {
			return "", false
		}
		p.trace = string(b)
	}
	return p.trace, true
}

func (p *Parser) name(b []byte) (name string, ok bool) {
	if name, ok = p.names[string(b)]; ok {
		return name, true
	}
	if !jsontext.IsPlain(b) || len(p.names) == maxNames {
		return "", false
	}
	if p.names == nil {
		p.names = map[string]string{}
	}
	name = string(b)
	p.names[name] = name
	return name, true
}

// host finds the host where it usually is, as the last member of the info, which is
// valid JSON: what stands before the last string is a key of the info itself if it
// follows a comma or the first brace, since a quote within a string is escaped.
func (p *Parser) host(info []byte, l *layout) (*string, bool) {
	n := len(info)
	if n < 4 || info[n-2] != '"' {
		return nil, false
	}
	from := bytes.LastIndexByte(info[:n-2], '"') + 1
	key := from - len(l.host)
	if key < 1 || string(info[key:from]) != l.host || (key != 1 && string(info[max(0, key-len(l.more)):key]) != l.more) {
		return nil, false
	}
	text := info[from : n-2]
	for i, h := range p.hosts {
		if string(text) == *h {
			if i > 0 { // the next record is probably of the same
				p.hosts[0], p.hosts[i] = p.hosts[i], p.hosts[0]
			}
			return h, true
		}
	}
	if !jsontext.IsPlain(text) || len(p.hosts) == maxShapes {
		return nil, false
	}
	host := string(text)
	p.hosts = append(p.hosts, &host)
	return &host, true
}

// shape returns what follows an info, without the number and the last brace, nil if it
// is not known.
func (p *Parser) shape(tail []byte, l *layout) *Shape {
	for i, s := range p.shapes {
		if s.tail == string(tail) && s.layout == l {
			if i > 0 {
				p.shapes[0], p.shapes[i] = p.shapes[i], p.shapes[0]
			}
			return s
		}
	}
	if len(p.shapes) == maxShapes {
		return nil
	}
	s := &Shape{layout: l, tail: string(tail)}
	var ok bool
	rest, _ := cut(tail, l.project)
	if s.project, rest, ok = textOrNull(rest); !ok {
		return nil
	}
	if rest, ok = cut(rest, l.service); !ok {
		return nil
	}
	if s.service, rest, ok = textOrNull(rest); !ok || len(rest) > 0 {
		return nil
	}
	p.shapes = append(p.shapes, s)
	return s
}

// textOrNull reads a plain string or null.
func textOrNull(b []byte) (text *string, rest []byte, ok bool) {
	if rest, ok = cut(b, "null"); ok {
		return nil, rest, true
	}
	if rest, ok = cut(b, `"`); !ok {
		return nil, nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || !jsontext.IsPlain(rest[:end]) {
		return nil, nil, false
	}
	s := string(rest[:end])
	return &s, rest[end+1:], true
}
