package report

import (
	"iter"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// isDocument reports whether data is the document that package document writes.
func isDocument(data []byte) bool {
	points := jsontext.Get(data, "points")
	return len(points) > 0 && points[0] == '[' && jsontext.Get(data, "version") != nil
}

// ofDocument yields the records that a document was made from, but for those
// that were of no use and those that were repeated.
func ofDocument(data []byte) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		began, _ := time.Parse(time.RFC3339Nano, plainText(jsontext.Get(data, "began")))
		d := documentReader{trace: jsontext.Get(data, "trace"), began: began.UnixNano()}
		if began.IsZero() {
			d.began = 0
		}
		jsontext.Elements(jsontext.Get(data, "points"), func(point []byte) bool { return d.point(point, yield) })
	}
}

type documentReader struct {
	trace []byte
	began int64 // Unix time in nanoseconds, 0 if the document does not say
}

// documentPoint is what a point of a document says, as JSON.
type documentPoint struct{ id, parent, name, service, project, info, start, duration, finished []byte }

func (d *documentReader) point(text []byte, yield func(record.Record, error) bool) bool {
	var p documentPoint
	members := map[string]*[]byte{
		"id": &p.id, "parent": &p.parent, "name": &p.name, "service": &p.service, "project": &p.project,
		"info": &p.info, "start_ns": &p.start, "duration_ns": &p.duration, "finished": &p.finished,
	}
	jsontext.Members(text, func(key, value []byte) bool {
		if into := members[plainText(key)]; into != nil {
			*into = value
		}
		return true
	})
	start, stop := jsontext.Get(p.info, "start"), jsontext.Get(p.info, "stop")
	if !isNull(start) && !yield(record.Parse(d.record(&p, "-start", number(p.start), start))) {
		return false
	}
	if string(p.finished) != "true" {
		return true
	}
	return yield(record.Parse(d.record(&p, "-stop", number(p.start)+number(p.duration), stop)))
}

// record is the JSON of a record that began, or ended, at nanoseconds after the
// beginning of the report.
func (d *documentReader) record(p *documentPoint, phase string, at int64, info []byte) []byte {
	b := jsontext.AppendString([]byte(`{"name":`), plainText(p.name)+phase)
	for _, member := range []struct {
		name  string
		value []byte
	}{
		{"base_id", d.trace}, {"parent_id", p.parent}, {"trace_id", p.id}, {"project", p.project}, {"service", p.service},
	} {
		b = append(b, `,"`+member.name+`":`...)
		b = append(b, orNull(member.value)...)
	}
	b = append(b, `,"timestamp":"`...)
	b = append(record.AppendTimestamp(b, d.began+at), `","info":`...)
	return append(append(b, orNull(info)...), '}')
}

func number(text []byte) int64 {
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return n
}

func isNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

func orNull(value []byte) []byte {
	if len(value) == 0 {
		return []byte("null")
	}
	return value
}
