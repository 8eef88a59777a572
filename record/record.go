package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Record is one record as read from a store. The stored bytes are kept
// unchanged, since a report prints them: key order, nulls and unknown fields
// included.
//
// A reader of many records may read the next one into the same memory, texts
// included: a Record that a sequence yields is valid until the next one is asked
// for. To keep one longer, take a [Record.Clone].
type Record struct {
	Name      string  // with "-start" or "-stop", as stored
	Trace     string  // stored as base_id
	Parent    string  // stored as parent_id: the point above, Trace at the top
	Point     string  // stored as trace_id
	Timestamp string  // 2026-01-02T03:04:05.000006, UTC
	Project   *string // nil: JSON null or absent
	Service   *string
	Host      *string

	Number Number // zero: the record is not numbered

	// Info is the JSON object "info", nil if the record has none.
	Info json.RawMessage
	// Payload is what reports show as meta.raw_payload.<name>: the whole record
	// if the store keeps it as one JSON text, or {"info": …} for SQL stores.
	Payload json.RawMessage

	known Known // Shape is nil if the record is in no known layout
}

// Clone returns a copy of r that shares no memory with it.
func (r *Record) Clone() Record {
	c := *r
	c.Name, c.Trace, c.Parent = strings.Clone(r.Name), strings.Clone(r.Trace), strings.Clone(r.Parent)
	c.Point, c.Timestamp = strings.Clone(r.Point), strings.Clone(r.Timestamp)
	c.Project, c.Service, c.Host = clone(r.Project), clone(r.Service), clone(r.Host)
	c.Info, c.Payload = bytes.Clone(r.Info), bytes.Clone(r.Payload)
	c.known = Known{}
	return c
}

func clone(s *string) *string {
	if s == nil {
		return nil
	}
	c := strings.Clone(*s)
	return &c
}

// BadRecordError reports a stored record that cannot be read. A reader of a trace
// skips it and continues with the next.
type BadRecordError struct {
	Raw []byte // as stored; valid as long as a [Record]
	Err error  // what is wrong with it
}

// Error returns one line that quotes the beginning of the record.
func (e *BadRecordError) Error() string {
	raw := e.Raw
	if len(raw) > 60 {
		raw = raw[:60]
	}
	return fmt.Sprintf("bad record %q: %v", raw, e.Err)
}

// Unwrap returns what is wrong.
func (e *BadRecordError) Unwrap() error { return e.Err }

// Event returns the record as an event, so that it can be copied to another
// store. It fails for a record that is not the start or stop of a trace point, or
// whose ids or time are unusable. The event shares no memory with r.
func (r *Record) Event() (Event, error) {
	f := Fields{Number: r.Number, Project: strings.Clone(deref(r.Project)), Service: strings.Clone(deref(r.Service)), Host: strings.Clone(deref(r.Host))}
	var ok bool
	if f.Name, ok = strings.CutSuffix(r.Name, "-start"); !ok {
		if f.Name, ok = strings.CutSuffix(r.Name, "-stop"); !ok {
			return Event{}, fmt.Errorf("%q is neither a start nor a stop", r.Name)
		}
		f.Phase = Stop
	}
	f.Name = strings.Clone(f.Name)
	for into, text := range map[*header.ID]string{&f.Trace: r.Trace, &f.Parent: r.Parent, &f.Point: r.Point} {
		id, err := header.ParseID(strings.Clone(text))
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
