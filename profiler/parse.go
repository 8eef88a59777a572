package profiler

import (
	"errors"
	"unsafe"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// ParseRecord reads a record as [AppendRecord] and OSProfiler write it, in any
// order of fields and with any white space. Unknown fields are skipped, the
// last of repeated ones counts. Host is what info says. The Record keeps raw,
// which must not change any more. An error is always a [*BadRecordError].
func ParseRecord(raw []byte) (Record, error) {
	p := recordParser{raw: raw, text: unsafe.String(unsafe.SliceData(raw), len(raw)), record: &parsedRecord{}}
	if err := p.parse(); err != nil {
		return Record{}, &BadRecordError{Raw: raw, Err: err}
	}
	return p.record.Record, nil
}

var (
	errNotObject = errors.New("not a JSON object")
	errNoName    = errors.New("no name")
	errNoTraceID = errors.New("no trace_id")
	errInfo      = errors.New("info is not a JSON object")
)

// parsedRecord is a Record with what its pointers point to.
type parsedRecord struct {
	Record
	project, service, host string
}

type recordParser struct {
	raw    []byte
	text   string // the same memory; fields without escapes are parts of it
	record *parsedRecord
	infoAt int // where info begins, 0 if there is none
}

func (p *recordParser) parse() error {
	end := jsontext.Members(p.raw, jsontext.SkipSpace(p.raw, 0), p.field)
	if end < 0 || jsontext.SkipSpace(p.raw, end) != len(p.raw) {
		return errNotObject
	}
	switch r := p.record; {
	case r.Name == "":
		return errNoName
	case r.TraceID == "":
		return errNoTraceID
	}
	p.record.Payload = p.raw
	if p.infoAt == 0 {
		return nil
	}
	end = jsontext.Members(p.raw, p.infoAt, p.infoField)
	if end < 0 {
		return errInfo
	}
	p.record.Info = p.raw[p.infoAt:end:end]
	return nil
}

func (p *recordParser) field(name, nameEnd, from, to int) {
	r := p.record
	switch p.stringAt(name, nameEnd) {
	case "name":
		r.Name = p.scalar(from, to)
	case "base_id":
		r.BaseID = p.scalar(from, to)
	case "parent_id":
		r.ParentID = p.scalar(from, to)
	case "trace_id":
		r.TraceID = p.scalar(from, to)
	case "timestamp":
		r.Timestamp = p.scalar(from, to)
	case "project":
		r.Project = p.optional(from, to, &r.project)
	case "service":
		r.Service = p.optional(from, to, &r.service)
	case "info":
		if p.infoAt = from; p.raw[from] == 'n' { // null
			p.infoAt = 0
		}
	}
}

func (p *recordParser) infoField(name, nameEnd, from, to int) {
	if p.stringAt(name, nameEnd) == "host" {
		p.record.Host = p.optional(from, to, &p.record.host)
	}
}

func (p *recordParser) optional(from, to int, s *string) *string {
	if p.raw[from] == 'n' {
		return nil
	}
	*s = p.scalar(from, to)
	return s
}

// scalar is the text of a string, "" for null, and anything else (OSProfiler
// takes numbers as ids) as it is written.
func (p *recordParser) scalar(from, to int) string {
	switch p.raw[from] {
	case '"':
		return p.stringAt(from, to)
	case 'n':
		return ""
	}
	return p.text[from:to]
}

func (p *recordParser) stringAt(from, to int) string {
	s := p.text[from+1 : to-1]
	for i := range len(s) {
		if s[i] == '\\' || s[i] >= 0x80 {
			return string(jsontext.AppendUnquoted(nil, p.raw[from:to]))
		}
	}
	return s
}
