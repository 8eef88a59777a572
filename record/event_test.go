package record_test

import (
	"reflect"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/record"
)

// fields has a value of its own in every field.
func fields() record.Fields {
	return record.Fields{
		Point: header.NewID(), Parent: header.NewID(), Trace: header.NewID(),
		Name: "db", Phase: record.Stop, Time: 1767323045000006999,
		Project: "shop", Service: "cart", Host: "host-a", Producer: 7, Seq: 8, Number: record.Number{From: 9, N: 10},
		Info: []byte(`{"db":{"statement":"SELECT 1"},"host":"host-a"}`),
		More: []byte(`,"more":{"sonde":[1]}`),
	}
}

// TestEventSaysItsFields: each method tells the field of its name, however the
// event was made.
func TestEventSaysItsFields(t *testing.T) {
	want := fields()
	v := reflect.ValueOf(want)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("the test has no value for %s", v.Type().Field(i).Name)
		}
	}
	made := record.New(want)
	var changed record.Event
	changed.Change(func(f *record.Fields) { *f = want })
	for how, e := range map[string]*record.Event{"New": &made, "Change": &changed} {
		said := record.Fields{
			Point: e.Point(), Parent: e.Parent(), Trace: e.Trace(), Name: e.Name(), Phase: e.Phase(), Time: e.Time(),
			Project: e.Project(), Service: e.Service(), Host: e.Host(), Producer: e.Producer(), Seq: e.Seq(), Number: e.Number(), Info: e.Info(), More: e.More(),
		}
		if !reflect.DeepEqual(said, want) {
			t.Errorf("%s: the methods say\n%+v, want\n%+v", how, said, want)
		}
		if got := e.Fields(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Fields is\n%+v, want\n%+v", how, got, want)
		}
		if e.RecordName() != "db-stop" {
			t.Errorf("%s: RecordName is %s", how, e.RecordName())
		}
	}
}

// TestFieldsAreACopy: changing them changes no event.
func TestFieldsAreACopy(t *testing.T) {
	e := record.New(fields())
	f := e.Fields()
	f.Name, f.Info = "other", []byte("{}")
	if e.Name() != "db" || string(e.Info()) != string(fields().Info) {
		t.Errorf("the event became %s with %s", e.Name(), e.Info())
	}
}

// TestChange: what change does not set stays.
func TestChange(t *testing.T) {
	want := fields()
	e := record.New(want)
	e.Change(func(f *record.Fields) { f.Service = "payments" })
	want.Service = "payments"
	if got := e.Fields(); !reflect.DeepEqual(got, want) {
		t.Errorf("the event says\n%+v, want\n%+v", got, want)
	}
}

// TestClone: a clone outlives the memory of the batch.
func TestClone(t *testing.T) {
	f := fields()
	e := record.New(f)
	c := e.Clone()
	if got := c.Fields(); !reflect.DeepEqual(got, f) {
		t.Fatalf("the clone is\n%+v, want\n%+v", got, f)
	}
	clear(e.Info())
	e.Change(func(f *record.Fields) { *f = record.Fields{} })
	if want := fields().Info; string(c.Info()) != string(want) || c.Name() != "db" {
		t.Errorf("the clone became %s with %q", c.Name(), c.Info())
	}
}

// TestAllocEvent: what a queue and a driver do with every event takes no memory.
func TestAllocEvent(t *testing.T) {
	f := fields()
	text, layout := f.AppendJSON(nil)
	source := &record.Source{Project: f.Project, Service: f.Service, Host: f.Host}
	events := make([]record.Event, 0, 1)
	b := make([]byte, 0, 1024)
	if n := race.Allocs(100, func() {
		events = append(events[:0], record.Stored(text, layout, source, &f.Trace, f.Time, 1, f.Number))
		e := &events[0]
		b = append(e.AppendNumbered(b[:0]), e.Info()...)
		if e.Point() != f.Point || e.Parent() != f.Parent || e.Service() != f.Service {
			t.Error("the event says something else")
		}
	}); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if n := race.Allocs(100, func() { events = append(events[:0], record.New(f)) }); n > 2 {
		t.Errorf("%v allocations to make an event, want its text and its source", n)
	}
}

// TestZeroEvent: it says nothing, and can be given fields.
func TestZeroEvent(t *testing.T) {
	var e record.Event
	if f := e.Fields(); !reflect.DeepEqual(f, record.Fields{Info: f.Info}) || len(f.Info)+len(e.JSON())+len(e.RecordName()) != 0 {
		t.Errorf("it says %+v", f)
	}
	if c := e.Clone(); len(c.JSON()) != 0 {
		t.Errorf("its clone is %s", c.JSON())
	}
}
