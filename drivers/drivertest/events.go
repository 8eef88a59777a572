package drivertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// began is when the events of [Trace] begin. It is not a whole microsecond, and
// not long ago, since some stores refuse old records.
var began = time.Now().Add(-time.Hour).Truncate(time.Second).Add(123456789)

// Trace returns the n records of one new trace that begins at the given offset: a
// point "http" with points "db" in it, one millisecond apart.
func Trace(n int, offset time.Duration) []record.Event {
	base := header.NewID()
	root := header.NewID()
	open := root
	producer := rand.Uint64()
	events := make([]record.Event, n)
	for i := range events {
		f := record.Fields{
			Name: "db", Phase: record.Phase((i + 1) % 2), Trace: base, Parent: root, Point: open,
			Time:    began.Add(offset + time.Duration(i)*time.Millisecond).UnixNano(),
			Project: "shop", Service: "checkout", Host: "host-a", Producer: producer, Seq: uint64(i + 1),
			Info: Info(fmt.Sprintf("statement %d", i)),
		}
		switch {
		case i == 0:
			f.Name, f.Phase, f.Parent, f.Point = "http", record.Start, base, root
		case i == n-1:
			f.Name, f.Phase, f.Parent, f.Point = "http", record.Stop, base, root
		case f.Phase == record.Start:
			open = header.NewID()
			f.Point = open
		}
		events[i] = record.New(f)
	}
	return events
}

// Info returns the info of an event as the profiler writes it, with text as the
// statement.
func Info(text string) []byte {
	b := []byte(`{"db":{"statement":`)
	b = jsontext.AppendString(b, text)
	return append(b, `,"params":[1,2.5,null,true,1e+16]},"host":"host-a"}`...)
}

// errorInfo is the info of a stop record of a point that failed.
func errorInfo() []byte {
	return []byte(`{"etype":"errors.errorString","message":"no \"such\" thing","host":"host-a"}`)
}

// Check fails t if a record differs from the event that it was written from.
func Check(t *testing.T, got record.Record, e *record.Event) {
	t.Helper()
	same := func(field, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %q, want %q", field, got, want)
		}
	}
	same("name", got.Name, e.RecordName())
	same("base id", got.Trace, e.Trace().String())
	same("parent id", got.Parent, e.Parent().String())
	same("trace id", got.Point, e.Point().String())
	same("timestamp", got.Timestamp, timestamp(e))
	for _, f := range []struct {
		name string
		got  *string
		want string
	}{{"project", got.Project, e.Project()}, {"service", got.Service, e.Service()}, {"host", got.Host, e.Host()}} {
		if f.got == nil {
			t.Errorf("%s = nil, want %q", f.name, f.want)
			continue
		}
		same(f.name, *f.got, f.want)
	}
	same("info", compact(t, got.Info), compact(t, e.Info()))
	if e.Numbered() && got.Number != e.Number() {
		t.Errorf("number = %+v, want %+v", got.Number, e.Number())
	}

	var payload struct{ Info json.RawMessage }
	if err := json.Unmarshal(got.Payload, &payload); err != nil {
		t.Errorf("payload %q: %v", got.Payload, err)
		return
	}
	same("info in the payload", compact(t, payload.Info), compact(t, e.Info()))
}

func timestamp(e *record.Event) string {
	return string(record.AppendTimestamp(nil, e.Time()))
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return b.String()
}

type key struct{ traceID, name string }

// distinct indexes records by what identifies them.
func distinct(records []record.Record) map[key]record.Record {
	m := make(map[key]record.Record, len(records))
	for _, r := range records {
		m[key{r.Point, r.Name}] = r
	}
	return m
}

// checkAll checks that records are those of events, in any order, repeats
// allowed.
func checkAll(t *testing.T, records []record.Record, events []record.Event) {
	t.Helper()
	got := distinct(records)
	for i := range events {
		e := &events[i]
		r, ok := got[key{e.Point().String(), e.RecordName()}]
		if !ok {
			t.Errorf("record %d (%s of %s) is missing", i, e.RecordName(), e.Point())
			return
		}
		Check(t, r, e)
		if t.Failed() {
			return
		}
	}
	if len(got) != len(events) {
		t.Errorf("%d distinct records, want %d", len(got), len(events))
	}
}
