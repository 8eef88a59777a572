package record_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// framed is the event with the fields of f that a Frame writes. The id of its point
// must be a UUID.
func framed(f record.Fields) record.Event {
	var frame record.Frame
	frame.Set(f.Trace)
	var point [36]byte
	f.Point.PutUUID(&point)
	text := []byte("what was in the buffer before")
	from := len(text)
	text, layout := frame.Begin(text, jsontext.Escaped(f.Name), f.Phase, &point, f.Parent.Append(nil))
	layout.SetTime(text[from:], f.Time)
	text = append(text, f.Info...)
	layout.EndInfo(len(text) - from)
	text = record.AppendTail(text, f.Project, f.Service)
	source := &record.Source{Project: f.Project, Service: f.Service, Host: f.Host, Producer: f.Producer}
	return record.Stored(text[from:], layout, source, &f.Trace, f.Time, f.Seq, f.Number)
}

// FuzzFrame: a Frame writes what is written field by field, and the event says the
// same fields.
func FuzzFrame(f *testing.F) {
	f.Add("db", "b0000000-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000002", int64(1767323045000006999), "shop", "cart")
	f.Add("", "a", "a", int64(-1), "", "")
	f.Add("é\x00\"\\\xff🎉", "REQ-1_"+strings.Repeat("x", 100), "22222222-0000-4000-8000-000000000002", int64(1)<<60, "\xff", "\"")
	f.Add("-start", "B0000000-0000-4000-8000-000000000000", strings.Repeat("y", 36), int64(-1)<<60, "p", "s")
	f.Fuzz(func(t *testing.T, name, trace, parent string, at int64, project, service string) {
		fields := record.Fields{
			Name: name, Point: header.NewID(), Time: at, Project: project, Service: service, Host: "host-a",
			Producer: 1, Seq: 2, Info: []byte(`{"host":"host-a"}`),
		}
		var err error
		if fields.Trace, err = header.ParseID(trace); err != nil {
			t.Skip()
		}
		if fields.Parent, err = header.ParseID(parent); err != nil {
			t.Skip()
		}
		for _, fields.Phase = range []record.Phase{record.Start, record.Stop} {
			want, got := record.New(fields), framed(fields)
			if string(got.JSON()) != string(want.JSON()) {
				t.Fatalf("got  %s\nwant %s", got.JSON(), want.JSON())
			}
			if !json.Valid(got.JSON()) {
				t.Fatalf("%s is no JSON", got.JSON())
			}
			said := got.Fields()
			if again := record.New(said); string(again.JSON()) != string(got.JSON()) {
				t.Fatalf("%s\nsays %+v", got.JSON(), said)
			}
			if said.Name, fields.Name = "", ""; !reflect.DeepEqual(said, fields) {
				t.Fatalf("%s\nsays %+v", got.JSON(), said)
			}
			fields.Name = name
		}
	})
}
