package drain

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// Times outside of these are no times at which a program ran that this one knows of.
// There is room for clocks that are wrong, since their records have no better time.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
)

// decode reads the records of a message into dl, and returns those that can never be
// stored.
func (d *Drain) decode(dl *delivery, b *spool.Batch) (bad []spool.Bad) {
	trace, err := header.ParseID(b.Trace)
	if err != nil {
		return d.poison(nil, dl, 0, b.Trace, b.Text, "the message's trace is "+err.Error())
	}
	dl.Trace = trace
	dl.Events = make([]record.Event, 0, min(b.Records, spool.MaxRecords))
	dropped := 0
	for n, rest := 1, b.Text; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if len(line) == 0 {
			continue
		}
		e, err := d.check(line, &trace)
		if err != nil {
			bad = d.poison(bad, dl, n, b.Trace, line, err.Error())
			continue
		}
		if d.c.Transform != nil && !d.c.Transform.Apply(&e) {
			dropped++
			continue
		}
		dl.Events = append(dl.Events, e)
	}
	if dropped > 0 {
		d.mu.Lock()
		d.counts.Records += uint64(dropped)
		d.counts.Dropped["transform"] += uint64(dropped)
		d.mu.Unlock()
	}
	return bad
}

// check reads a record. No text of the record is in its error.
func (d *Drain) check(line []byte, trace *header.ID) (e record.Event, err error) {
	if len(line) > spool.MaxRecordBytes {
		return e, fmt.Errorf("the record has %d bytes, and %d are allowed", len(line), spool.MaxRecordBytes)
	}
	if e, err = d.decoder.Event(line); err != nil {
		return e, fmt.Errorf("the record cannot be read: %w", err)
	}
	if e.Trace() != *trace {
		return e, fmt.Errorf("the record's base_id is not that of its message")
	}
	if at := e.Time(); at < earliest || at >= latest {
		return e, fmt.Errorf("the record's timestamp is of the year %d", time.Unix(0, at).UTC().Year())
	}
	return e, nil
}

// poison appends what can never be stored, as far as the transform's redaction can be
// sure to have hidden what it should.
func (d *Drain) poison(bad []spool.Bad, dl *delivery, line int, trace string, text []byte, reason string) []spool.Bad {
	if d.c.Transform != nil {
		hidden, ok := d.c.Transform.Conceal(text)
		if !ok {
			hidden = nil
			reason += fmt.Sprintf("; its %d bytes are not kept, since the transform cannot redact them", len(text))
		}
		text = hidden
	}
	return append(bad, spool.Bad{ID: badID(dl.id, "collector", line), Trace: trace, Reason: reason, Source: "collector", Text: text})
}

// badID is the same whenever the record is put aside again, for the same cause.
func badID(message, by string, n int) string {
	return message + "/" + by + "/" + strconv.Itoa(n)
}
