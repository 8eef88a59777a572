package otlp

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/internal/otlpspan"
	"github.com/sonde-go/sonde/record"
)

// read is a record of a span, or one that cannot be read.
type read struct {
	record.Record
	bad error
}

// baseID is the base id of a trace: from a record, or else the UUID from which its
// id may have been made.
func (t *jaegerTrace) baseID() string {
	for i := range t.Spans {
		for _, r := range t.Spans[i].own(new(record.Parser)) {
			if r.bad == nil {
				return r.Trace
			}
		}
	}
	return t.foreignBase()
}

// foreignBase is the base id for a trace of other programs: the UUID with the bytes
// of Jaeger's trace id, which Jaeger may print without leading zeros.
func (t *jaegerTrace) foreignBase() string {
	var id [16]byte
	b, err := hex.DecodeString(strings.Repeat("0", max(0, 32-len(t.TraceID))) + t.TraceID)
	if err != nil || len(b) != len(id) {
		return t.TraceID
	}
	copy(id[:], b)
	return otelid.BaseID(id).String()
}

// records returns the records of all spans by time, each once: a span that was sent
// alone and later as a whole carries one of its records twice. Spans of this driver
// come first, since those of other programs name their parents by span ids, which
// only a span of ours can translate to a point's id.
func (t *jaegerTrace) records(baseID string) []read {
	var all []read
	var p record.Parser
	points := map[string]string{} // span id to trace id
	own := make([]bool, len(t.Spans))
	for i := range t.Spans {
		s := &t.Spans[i]
		records := s.own(&p)
		own[i] = len(records) > 0
		for _, r := range records {
			if r.bad == nil {
				points[s.SpanID] = r.Point
			}
		}
		all = append(all, records...)
	}
	for i := range t.Spans {
		if !own[i] {
			all = append(all, t.foreign(&t.Spans[i], baseID, points)...)
		}
	}
	type identity struct{ base, id, name string }
	seen := make(map[identity]bool, len(all))
	all = slices.DeleteFunc(all, func(r read) bool {
		k := identity{r.Trace, r.Point, r.Name}
		repeated := r.bad == nil && seen[k]
		seen[k] = true
		return repeated
	})
	slices.SortStableFunc(all, func(a, b read) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return all
}

// own returns the records that a span of this driver carries.
func (s *jaegerSpan) own(p *record.Parser) (records []read) {
	for _, name := range []string{otlpspan.AttrStart, otlpspan.AttrStop} {
		for _, tag := range s.Tags {
			if tag.Key != name {
				continue
			}
			text, _ := jsontext.Text(tag.Value)
			r, err := p.Parse([]byte(text))
			if err == nil {
				if _, idErr := header.ParseID(r.Trace); idErr != nil {
					err = &record.BadRecordError{Raw: []byte(text), Err: idErr}
				}
			}
			records = append(records, read{r, err})
		}
	}
	return records
}

// foreign makes the two records for a span of another program, with the span id as
// their id and the tags as their info.
func (t *jaegerTrace) foreign(s *jaegerSpan, baseID string, points map[string]string) []read {
	parent := baseID
	for _, ref := range s.References {
		if ref.Type == "CHILD_OF" {
			parent = cmp.Or(points[ref.SpanID], ref.SpanID)
		}
	}
	process := t.Processes[s.ProcessID]
	host := process.Service
	for _, tag := range process.Tags {
		if text, ok := jsontext.Text(tag.Value); ok && (tag.Key == "host.name" || tag.Key == "hostname") {
			host = text
		}
	}
	one := func(kind string, micros int64, info []byte) read {
		name := strings.ReplaceAll(s.Name, "-", "_") // a report cuts names at a dash
		b := jsontext.AppendString([]byte(`{"name":`), name+"-"+kind)
		b = jsontext.AppendString(append(b, `,"base_id":`...), baseID)
		b = jsontext.AppendString(append(b, `,"trace_id":`...), s.SpanID)
		b = jsontext.AppendString(append(b, `,"parent_id":`...), parent)
		b = record.AppendTimestamp(append(b, `,"timestamp":"`...), micros*1000)
		b = append(append(b, `","info":`...), info...)
		b = jsontext.AppendString(append(b, `,"project":null,"service":`...), process.Service)
		r, err := record.Parse(append(b, '}'))
		return read{r, err}
	}
	return []read{
		one("start", s.Start, info(s.Tags, host)),
		one("stop", s.Start+s.Duration, s.failed(host)),
	}
}

// info makes an info of tags.
func info(tags []jaegerTag, host string) []byte {
	b := []byte{'{'}
	for _, tag := range tags {
		if tag.Key == "host" || tag.Key == "etype" || len(tag.Value) == 0 {
			continue
		}
		b = append(append(jsontext.AppendString(b, tag.Key), ':'), tag.Value...)
		b = append(b, ',')
	}
	b = jsontext.AppendString(append(b, `"host":`...), host)
	return append(b, '}')
}

// failed is the info of the stop of a span, which says how it failed if its
// tags or the log of an exception do.
func (s *jaegerSpan) failed(host string) []byte {
	failed, etype, message := false, "", ""
	look := func(tags []jaegerTag) {
		for _, tag := range tags {
			text, isText := jsontext.Text(tag.Value)
			switch {
			case tag.Key == "error" && (text == "true" || string(tag.Value) == "true"):
				failed = true
			case !isText:
			case tag.Key == "exception.type", tag.Key == "error.type" && etype == "":
				etype = text
			case tag.Key == "exception.message", tag.Key == "otel.status_description" && message == "":
				message = text
			}
		}
	}
	look(s.Tags)
	for _, log := range s.Logs {
		look(log.Fields)
	}
	if !failed {
		return info(nil, host)
	}
	b := jsontext.AppendString([]byte(`{"etype":`), cmp.Or(etype, "error"))
	b = jsontext.AppendString(append(b, `,"message":`...), message)
	b = jsontext.AppendString(append(b, `,"host":`...), host)
	return append(b, '}')
}
