package record

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// The fields of a stored record that Parse reads as text.
const (
	fieldName = iota
	fieldBaseID
	fieldTraceID
	fieldParentID
	fieldTimestamp
	fieldProject
	fieldService
	fieldHost
	fieldCount
)

var (
	errNotObject = errors.New("not a JSON object")
	errNoName    = errors.New("no name")
	errNoTraceID = errors.New("no trace_id")
)

// Parse reads one record that a store keeps as one JSON object, in the
// layout of [Event.AppendJSON] or in any other: Python's blanks, another order,
// more fields. As in Python, NaN and Infinity are numbers, and the last value of
// a repeated key counts. A text field that holds a number or another value is
// read as its JSON text, and invalid UTF-8 in one as U+FFFD. All fields but name
// and trace_id may be absent or null; the host is taken from info.
//
// Info and Payload of the result are parts of payload, which must not change
// afterwards; the strings are copies. An error is a [*BadRecordError]. It is
// safe for concurrent use. A [Parser] is faster for many records.
func Parse(payload []byte) (Record, error) {
	var p recordParser
	if !jsontext.Members(payload, p.member) {
		return Record{}, &BadRecordError{Raw: payload, Err: errNotObject}
	}
	if p.info != nil {
		jsontext.Members(p.info, p.infoMember)
	}
	switch {
	case p.values[fieldName] == nil:
		return Record{}, &BadRecordError{Raw: payload, Err: errNoName}
	case p.values[fieldTraceID] == nil:
		return Record{}, &BadRecordError{Raw: payload, Err: errNoTraceID}
	}
	return p.record(payload), nil
}

// recordParser remembers where in the payload the values are.
type recordParser struct {
	values [fieldCount][]byte // nil: absent or null
	info   []byte             // nil: no object
	number Number
}

func (p *recordParser) member(key, value []byte) bool {
	if !p.known(key, value) && bytes.IndexByte(key, '\\') >= 0 {
		p.known(append(jsontext.AppendUnquoted([]byte{'"'}, key), '"'), value)
	}
	return true
}

func (p *recordParser) known(key, value []byte) bool {
	switch string(key) {
	case `"name"`:
		p.set(fieldName, value)
	case `"base_id"`:
		p.set(fieldBaseID, value)
	case `"trace_id"`:
		p.set(fieldTraceID, value)
	case `"parent_id"`:
		p.set(fieldParentID, value)
	case `"timestamp"`:
		p.set(fieldTimestamp, value)
	case `"project"`:
		p.set(fieldProject, value)
	case `"service"`:
		p.set(fieldService, value)
	case `"info"`:
		p.info = nil
		if value[0] == '{' {
			p.info = value
		}
	case `"sonde"`:
		p.number = ParseNumber(value)
	default:
		return false
	}
	return true
}

func (p *recordParser) infoMember(key, value []byte) bool {
	if jsontext.KeyIs(key, "host") {
		p.set(fieldHost, value)
	}
	return true
}

func (p *recordParser) set(field int, value []byte) {
	if value[0] == 'n' {
		value = nil
	}
	p.values[field] = value
}

func (p *recordParser) record(payload []byte) Record {
	texts := p.texts()
	where := &struct{ project, service, host string }{texts[fieldProject], texts[fieldService], texts[fieldHost]}
	r := Record{
		Name:      texts[fieldName],
		Trace:     texts[fieldBaseID],
		Parent:    texts[fieldParentID],
		Point:     texts[fieldTraceID],
		Timestamp: texts[fieldTimestamp],
		Number:    p.number,
		Info:      p.info,
		Payload:   payload,
	}
	if p.values[fieldProject] != nil {
		r.Project = &where.project
	}
	if p.values[fieldService] != nil {
		r.Service = &where.service
	}
	if p.values[fieldHost] != nil {
		r.Host = &where.host
	}
	return r
}

// texts joins the values, so that they become strings with one allocation.
func (p *recordParser) texts() (texts [fieldCount]string) {
	var scratch [256]byte
	joined := scratch[:0]
	for _, value := range p.values {
		joined = append(joined, value...)
	}
	if bytes.IndexByte(joined, '\\') >= 0 || !utf8.Valid(joined) {
		for i, value := range p.values {
			texts[i] = text(value)
		}
		return texts
	}
	rest := string(joined)
	for i, value := range p.values {
		texts[i], rest = rest[:len(value)], rest[len(value):]
		if len(value) > 0 && value[0] == '"' {
			texts[i] = texts[i][1 : len(value)-1]
		}
	}
	return texts
}

func text(value []byte) string {
	if s, ok := jsontext.Text(value); ok {
		return s
	}
	return string(value)
}
