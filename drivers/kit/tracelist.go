package kit

import (
	"slices"
	"strings"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// TraceList builds the list of traces that a query selects from their records, for
// stores without an index. Its memory grows with the number of traces, not with
// that of records. It is not safe for concurrent use.
type TraceList struct {
	traces map[string]*entry
	q      driver.Query
}

type entry struct {
	driver.Trace
	service bool // the wanted service took part
}

// NewTraceList returns an empty list for a query.
func NewTraceList(q driver.Query) *TraceList {
	return &TraceList{traces: map[string]*entry{}, q: q}
}

// Add adds a record. Records may come in any order.
func (l *TraceList) Add(r *record.Record) {
	e := l.traces[r.Trace]
	if e == nil {
		e = &entry{Trace: driver.Trace{ID: strings.Clone(r.Trace)}}
		l.traces[e.ID] = e
	}
	if e.Timestamp == "" || r.Timestamp < e.Timestamp {
		e.Timestamp = strings.Clone(r.Timestamp)
		e.Project, e.Service = clone(r.Project), clone(r.Service)
		e.Name = strings.Clone(PointName(r.Name))
	}
	e.service = e.service || r.Service != nil && *r.Service == l.q.Service
	e.Failed = e.Failed || HasError(r.Info)
}

func clone(s *string) string {
	if s == nil {
		return ""
	}
	return strings.Clone(*s)
}

// PointName returns a record's name without "-start" or "-stop".
func PointName(record string) string {
	if name, ok := strings.CutSuffix(record, "-start"); ok {
		return name
	}
	return strings.TrimSuffix(record, "-stop")
}

// HasError reports whether info, a JSON object, has an etype that is not null.
func HasError(info []byte) bool {
	value, ok := jsontext.Member(info, "etype")
	return ok && string(value) != "null"
}

// Sorted returns the traces that the query selects, newest first.
func (l *TraceList) Sorted() []driver.Trace {
	span := l.q.Span()
	var traces []driver.Trace
	for _, e := range l.traces {
		if !span.Has(e.Timestamp, e.ID) || l.q.Service != "" && !e.service || l.q.ErrorsOnly && !e.Failed {
			continue
		}
		traces = append(traces, e.Trace)
	}
	slices.SortFunc(traces, newestFirst)
	if l.q.Limit > 0 && len(traces) > l.q.Limit {
		traces = traces[:l.q.Limit]
	}
	return traces
}
