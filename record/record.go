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

// Record is one stored record as a store gives it back. The stored bytes are
// kept as they are, since a report prints them: key order, nulls and unknown
// fields included.
type Record struct {
	Name      string  // with "-start" or "-stop", as stored
	Trace     string  // stored as base_id
	Parent    string  // stored as parent_id: the point above, Trace at the top
	Point     string  // stored as trace_id
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
	f := Fields{Project: deref(r.Project), Service: deref(r.Service), Host: deref(r.Host)}
	var ok bool
	if f.Name, ok = strings.CutSuffix(r.Name, "-start"); !ok {
		if f.Name, ok = strings.CutSuffix(r.Name, "-stop"); !ok {
			return Event{}, fmt.Errorf("%q is neither a start nor a stop", r.Name)
		}
		f.Phase = Stop
	}
	for into, text := range map[*header.ID]string{&f.Trace: r.Trace, &f.Parent: r.Parent, &f.Point: r.Point} {
		id, err := header.ParseID(text)
		if err != nil {
			return Event{}, fmt.Errorf("%q is %w", text, err)
		}
		*into = id
	}
	at, err := time.Parse("2006-01-02T15:04:05.999999999", r.Timestamp)
	if err != nil {
		return Event{}, fmt.Errorf("time %q: %w", r.Timestamp, err)
	}
	f.Time = at.UnixNano()
	f.Info = jsontext.AppendShallow(nil, r.Info, math.MaxInt-1)
	if len(f.Info) == 0 {
		f.Info = []byte("{}")
	}
	return New(f), nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
