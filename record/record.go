package record

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Append appends e as OSProfiler stores it, one JSON object in ASCII
// without blanks or a line's end:
//
//	{"name":"db-start","base_id":…,"trace_id":…,"parent_id":…,"timestamp":…,"info":{…},"project":…,"service":…}
func Append(b []byte, e *Event) []byte {
	b = jsontext.AppendEscaped(append(b, `{"name":"`...), e.Name)
	b = e.appendIDs(append(append(b, '-'), e.Phase.String()...))
	b = append(b, e.Info...)
	b = jsontext.AppendString(append(b, `,"project":`...), e.Project)
	b = jsontext.AppendString(append(b, `,"service":`...), e.Service)
	return append(b, '}')
}

// The part of a record between the name and the info, of which only ids and
// time differ as long as all ids are UUIDs.
const (
	noUUID = "00000000-0000-0000-0000-000000000000"
	noTime = "0000-00-00T00:00:00.000000"
	idsA   = `","base_id":"`
	idsB   = `","trace_id":"`
	idsC   = `","parent_id":"`
	idsD   = `","timestamp":"`
	idsE   = `","info":`
	ids    = idsA + noUUID + idsB + noUUID + idsC + noUUID + idsD + noTime + idsE

	baseAt   = len(idsA)
	traceAt  = baseAt + len(noUUID) + len(idsB)
	parentAt = traceAt + len(noUUID) + len(idsC)
	timeAt   = parentAt + len(noUUID) + len(idsD)
)

func (e *Event) appendIDs(b []byte) []byte {
	n := len(b)
	b = append(b, ids...)
	t := b[n:]
	if e.BaseID.PutUUID((*[36]byte)(t[baseAt:])) && e.TraceID.PutUUID((*[36]byte)(t[traceAt:])) && e.ParentID.PutUUID((*[36]byte)(t[parentAt:])) {
		putTimestamp((*[26]byte)(t[timeAt:]), e.Time)
		return b
	}
	b = e.BaseID.Append(append(b[:n], idsA...))
	b = e.TraceID.Append(append(b, idsB...))
	b = e.ParentID.Append(append(b, idsC...))
	b = AppendTimestamp(append(b, idsD...), e.Time)
	return append(b, idsE...)
}

// RecordName is the name under which e is stored: "db-start".
func (e *Event) RecordName() string { return e.Name + "-" + e.Phase.String() }

// Record is one stored record as a store gives it back. The stored bytes are
// kept as they are, since a report prints them: key order, nulls and unknown
// fields included.
type Record struct {
	Name      string // with "-start" or "-stop", as stored
	BaseID    string
	ParentID  string
	TraceID   string
	Timestamp string  // 2026-01-02T03:04:05.000006, UTC
	Project   *string // nil: JSON null or absent
	Service   *string
	Host      *string

	// Info is the JSON object "info", nil if the record has none.
	Info json.RawMessage
	// Payload is what reports show as meta.raw_payload.<name>: the whole
	// record where the store keeps it as one JSON text, {"info": …} for SQL.
	Payload json.RawMessage
}

// BadRecordError is a stored record that cannot be read. A reader of a trace
// skips it and goes on with the next.
type BadRecordError struct {
	Raw []byte // as stored
	Err error  // what is wrong with it
}

// Error quotes the beginning of the record.
func (e *BadRecordError) Error() string {
	raw := e.Raw
	if len(raw) > 60 {
		raw = raw[:60]
	}
	return fmt.Sprintf("bad record %q: %v", raw, e.Err)
}

// Unwrap returns what is wrong.
func (e *BadRecordError) Unwrap() error { return e.Err }

// Event is the record as it would be recorded anew, for a store that it is
// copied to. It fails for a record that is no start or stop of a trace point,
// or whose ids or time no reader could use.
func (r *Record) Event() (Event, error) {
	e := Event{Project: deref(r.Project), Service: deref(r.Service), Host: deref(r.Host)}
	var ok bool
	if e.Name, ok = strings.CutSuffix(r.Name, "-start"); !ok {
		if e.Name, ok = strings.CutSuffix(r.Name, "-stop"); !ok {
			return e, fmt.Errorf("%q is neither a start nor a stop", r.Name)
		}
		e.Phase = Stop
	}
	for into, text := range map[*header.ID]string{&e.BaseID: r.BaseID, &e.ParentID: r.ParentID, &e.TraceID: r.TraceID} {
		id, err := header.ParseID(text)
		if err != nil {
			return e, fmt.Errorf("%q is %w", text, err)
		}
		*into = id
	}
	at, err := time.Parse("2006-01-02T15:04:05.999999999", r.Timestamp)
	if err != nil {
		return e, fmt.Errorf("time %q: %w", r.Timestamp, err)
	}
	e.Time = at.UnixNano()
	e.Info = jsontext.AppendShallow(nil, r.Info, math.MaxInt-1)
	if len(e.Info) == 0 {
		e.Info = []byte("{}")
	}
	return e, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
