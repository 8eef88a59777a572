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
	recent []string // names that were used lately, the latest most often first
	hosts  []*string
	shapes []*Shape
	ids    [2]readID // the point of the record before, and its parent
	infos  infos
}

// readID is a UUID in text and in binary.
type readID struct {
	text [uuidSize]byte
	uuid [16]byte
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
	if rest, ok = cut(rest[uuidSize:], l.point); !ok {
		return false
	}
	r.Point = text36(rest)
	if rest, ok = cut(rest[uuidSize:], l.parent); !ok {
		return false
	}
	if r.Parent = text36(rest); !p.relatives(r.Point, r.Parent, k) {
		return false
	}
	if rest, ok = cut(rest[uuidSize:], l.time); !ok {
		return false
	}
	if k.Micros, ok = p.clock.parse(rest[:timeSize]); !ok {
		return false
	}
	r.Timestamp = unsafe.String(&rest[0], timeSize)
	if rest, ok = cut(rest[timeSize:], l.info); !ok || len(rest) == 0 || rest[0] != '{' || b[len(b)-1] != '}' {
		return false
	}
	if r.Name, ok = p.name(name); !ok {
		return false
	}
	if !p.fromInfo(rest, l, r) {
		return false
	}
	r.Number, r.Project, r.Service, r.Payload = k.Number, k.Shape.project, k.Shape.service, b
	return true
}

// fromInfo reads a record from its info on. That an info is valid, and so where it
// ends, is known without a look if it is one of those that were read lately.
func (p *Parser) fromInfo(rest []byte, l *layout, r *Record) bool {
	k := &r.known
	before, number := l.cutNumber(rest)
	if k.Shape = p.ending(before, l); k.Shape != nil {
		n := len(before) - len(k.tail)
		r.Info, k.Number, k.Hash = rest[:n:n], number, p.infos.hash(rest[:n])
		if r.Host = p.infos.host(k.Hash, r.Info, l); r.Host != nil {
			return true
		}
	}
	end := jsontext.SkipNested(rest, 0)
	if end < 0 {
		return false
	}
	info := rest[:end:end]
	var ok bool
	if r.Host, ok = p.host(info, l); !ok {
		return false
	}
	if k.Shape == nil || end != len(r.Info) {
		var tail []byte
		tail, k.Number = l.cutNumber(rest[end:])
		if k.Shape = p.shape(tail, l); k.Shape == nil {
			return false
		}
		r.Info, k.Hash = info, p.infos.hash(info)
	}
	p.infos.keep(k.Hash, info, l, r.Host)
	return true
}

func cut(b []byte, prefix string) (rest []byte, ok bool) {
	if len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
		return nil, false
	}
	return b[len(prefix):], true
}

// uuid reads an id, and returns false if it is no UUID.
func uuid[T string | []byte](text T, u *[16]byte) (ok bool) {
	id, err := header.ParseID(text)
	*u, ok = id.UUID()
	return ok && err == nil
}

// relatives reads the ids of a point and of its parent, most of which are among those
// of the record before: it is of the same point, of its parent, a child or a sibling.
func (p *Parser) relatives(point, parent string, k *Known) bool {
	if !p.relative(point, &k.Point) || !p.relative(parent, &k.Parent) {
		return false
	}
	p.ids[0].set(point, &k.Point)
	p.ids[1].set(parent, &k.Parent)
	return true
}

func (p *Parser) relative(text string, u *[16]byte) bool {
	for i := range p.ids {
		if id := &p.ids[i]; text == string(id.text[:]) {
			*u = id.uuid
			return *u != [16]byte{} // that of no record yet
		}
	}
	return uuid(text, u)
}

func (id *readID) set(text string, u *[16]byte) {
	copy(id.text[:], text)
	id.uuid = *u
}

func text36(b []byte) string { return unsafe.String(&b[0], uuidSize) }

func (p *Parser) traceText(b []byte) (string, bool) {
	if string(b) != p.trace {
		var u [16]byte
		if !uuid(b[:uuidSize], &u) {
			return "", false
		}
		p.trace = string(b)
	}
	return p.trace, true
}

func (p *Parser) name(b []byte) (name string, ok bool) {
	for i, name := range p.recent {
		if string(b) == name {
			if i > 0 {
				p.recent[i-1], p.recent[i] = name, p.recent[i-1]
			}
			return name, true
		}
	}
	if name, ok = p.names[string(b)]; ok {
		p.used(name)
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
	p.used(name)
	return name, true
}

// used puts a name at the end of the recent ones.
func (p *Parser) used(name string) {
	const few = 16
	if len(p.recent) < few {
		p.recent = append(p.recent, name)
	} else {
		p.recent[few-1] = name
	}
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

// ending returns the known shape that a text, without the number and the last brace,
// ends with, nil if there is none. No other ends with it.
func (p *Parser) ending(text []byte, l *layout) *Shape {
	for i, s := range p.shapes {
		if n := len(text) - len(s.tail); n > 0 && string(text[n:]) == s.tail && s.layout == l {
			if i > 0 {
				p.shapes[0], p.shapes[i] = p.shapes[i], p.shapes[0]
			}
			return s
		}
	}
	return nil
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
