package driver

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/sonde-go/sonde/record"
)

// Cursor is a place in a list of traces: that of one trace, whether or not it is
// still in the store. "" means no place. It is opaque, and safe to pass on a
// command line.
type Cursor string

// Cursor returns the trace's place.
func (t *Trace) Cursor() Cursor {
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(t.Timestamp + "\x00" + t.ID)))
}

var errCursor = errors.New("this is not a place in a list of traces, as an earlier list returned it")

// position returns the timestamp and the id of the trace.
func (c Cursor) position() (timestamp, id string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(string(c))
	timestamp, id, ok := strings.Cut(string(text), "\x00")
	if c != "" && (err != nil || !ok) {
		return "", "", errCursor
	}
	return timestamp, id, nil
}

// Check returns an error if c is not the text of a cursor.
func (c Cursor) Check() error {
	_, _, err := c.position()
	return err
}

// Span is what a [Query] says about when a trace began. Traces are ordered by their
// timestamps, as stored, and then by their ids.
type Span struct {
	// From is the timestamp at or after which a trace began; "" for any.
	From string
	// To is the timestamp at or before which it began; "" for any.
	To string

	after, before Cursor
	afterID       string
	beforeID      string
}

// Span returns what the query says about when a trace began.
func (q *Query) Span() Span {
	s := Span{after: q.After, before: q.Before}
	s.From, s.afterID, _ = q.After.position()
	s.To, s.beforeID, _ = q.Before.position()
	if !q.Since.IsZero() {
		if since := string(record.AppendTimestamp(nil, q.Since.UnixNano())); since > s.From {
			s.From, s.after = since, ""
		}
	}
	return s
}

// Has reports whether a trace with this timestamp and id is in the span.
func (s *Span) Has(timestamp, id string) bool {
	switch {
	case timestamp < s.From, s.after != "" && timestamp == s.From && id <= s.afterID:
		return false
	case s.before != "" && (timestamp > s.To || timestamp == s.To && id >= s.beforeID):
		return false
	}
	return true
}

// Times returns From and the time just after To, for stores that are queried by
// time. The zero Time means no limit.
func (s *Span) Times() (from, until time.Time) {
	const layout = "2006-01-02T15:04:05.999999"
	from, _ = time.Parse(layout, s.From)
	if to, err := time.Parse(layout, s.To); err == nil {
		until = to.Add(time.Microsecond)
	}
	return from, until
}
