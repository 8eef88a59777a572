package mongodb

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// spy notes the commands that a driver sends.
type spy struct {
	mu       sync.Mutex
	commands []string

	documents atomic.Int64 // that have come back
}

func (s *spy) open(t *testing.T, url string) *drivers.Store {
	t.Helper()
	u, err := drivers.ParseURL(url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := openWith(u, drivers.Options{FilterErrorTrace: true, ConnectTimeout: 5 * time.Second, SocketTimeout: time.Minute}, func(o *options.ClientOptions) {
		o.SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.commands = append(s.commands, shape(e.Command))
		}, Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) {
			for _, batch := range []string{"firstBatch", "nextBatch"} {
				if docs, ok := e.Reply.Lookup("cursor", batch).ArrayOK(); ok {
					values, _ := docs.Values()
					s.documents.Add(int64(len(values)))
				}
			}
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	d := drivers.NewStore(url, opened)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// shape is a command without what the client adds to each.
func shape(command bson.Raw) string {
	var d bson.D
	if err := bson.Unmarshal(command, &d); err != nil {
		return err.Error()
	}
	d = slices.DeleteFunc(d, func(e bson.E) bool {
		return slices.Contains([]string{"lsid", "$readPreference", "maxTimeMS", "$clusterTime", "txnNumber"}, e.Key)
	})
	b, err := bson.MarshalExtJSON(d, false, false)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// take returns the commands so far, without those whose name is of no
// interest.
func (s *spy) take() (commands []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		if !strings.HasPrefix(c, `{"endSessions"`) && !strings.HasPrefix(c, `{"killCursors"`) {
			commands = append(commands, c)
		}
	}
	s.commands = nil
	return commands
}

func drain(t *testing.T, d *drivers.Store, base string) (records []record.Record) {
	t.Helper()
	for r, err := range d.Records(t.Context(), base) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r.Clone())
	}
	return records
}

// TestCommands holds the commands against those of OSProfiler.
func TestCommands(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	var s spy
	d := s.open(t, urlOf(server))
	events := drivertest.Trace(2, 0)
	base := events[0].Trace().String()
	events[0].Change(func(f *record.Fields) { f.Info = []byte(`{"a":1,"host":"h"}`) })
	events[1].Change(func(f *record.Fields) { f.Info = []byte(`{"etype":"X","host":"h"}`) })
	stamp := func(i int) string { return string(record.AppendTimestamp(nil, events[i].Time())) }
	document := func(i int, name, info string) string {
		e := &events[i]
		id := bson.ObjectID(recordID(e))
		return `{"_id":{"$oid":"` + id.Hex() + `"},"name":"` + name + `","base_id":"` + base + `","trace_id":"` + e.Point().String() +
			`","parent_id":"` + e.Parent().String() + `","timestamp":"` + stamp(i) + `","info":` + info + `,"project":"shop","service":"checkout"}`
	}
	insert := `{"insert":"profiler","ordered":false,"$db":"osprofiler","documents":[` +
		document(0, "http-start", `{"a":1,"host":"h"}`) + `,` + document(1, "http-stop", `{"etype":"X","host":"h"}`) + `]}`
	update := `{"update":"profiler_error","ordered":false,"$db":"osprofiler","updates":[{"q":{"base_id":"` + base +
		`"},"u":{"base_id":"` + base + `","timestamp":"` + stamp(1) + `"},"upsert":true}]}`

	check := func(what string, want ...string) {
		t.Helper()
		if got := s.take(); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	for range 2 {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	indexes := `"indexes":[{"key":{"base_id":1},"name":"base_id_1"},{"key":{"timestamp":1,"base_id":1},"name":"timestamp_1_base_id_1"}],"$db":"osprofiler"}`
	check("Notify", `{"createIndexes":"profiler",`+indexes, `{"createIndexes":"profiler_error",`+indexes,
		insert, update, insert, update)
	if n := len(drain(t, d, base)); n != 2 {
		t.Errorf("%d records after the second Notify, want 2", n)
	}
	check("Records", `{"find":"profiler","filter":{"base_id":"`+base+`"},"projection":{"_id":0},"$db":"osprofiler"}`)
	for _, err := range d.Traces(t.Context(), drivers.Query{ErrorsOnly: true}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check("Traces", `{"find":"profiler_error","filter":{"timestamp":{"$gt":""}},"limit":500,"projection":{"_id":0,"base_id":1,"timestamp":1},"skip":0,"sort":{"timestamp":-1},"$db":"osprofiler"}`,
		`{"find":"profiler_error","filter":{"base_id":{"$in":["`+base+`"]}},"projection":{"_id":0,"base_id":1},"$db":"osprofiler"}`,
		`{"find":"profiler","filter":{"base_id":{"$in":["`+base+`"]}},"projection":{"_id":0,"name":1,"base_id":1,"timestamp":1,"project":1,"service":1},"$db":"osprofiler"}`)
	if err := d.Delete(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	check("Delete", `{"delete":"profiler","ordered":true,"$db":"osprofiler","deletes":[{"q":{"base_id":"`+base+`"},"limit":0}]}`,
		`{"delete":"profiler_error","ordered":true,"$db":"osprofiler","deletes":[{"q":{"base_id":"`+base+`"},"limit":0}]}`)
}

// TestRefused writes what FerretDB takes in plain form only, and what it does
// not take at all.
func TestRefused(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	var s spy
	d := s.open(t, urlOf(server))
	events := drivertest.Trace(5, 0)
	base := events[0].Trace().String()
	events[1].Change(func(f *record.Fields) {
		f.Info = []byte(`{"http.method":"GET","$set":{"a.b":1},"params":[[1,"x"],[2]],"host":"h"}`)
	})
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	records := drain(t, d, base)
	if len(records) != len(events) {
		t.Fatalf("%d records, want %d", len(records), len(events))
	}
	found := false
	for _, r := range records {
		if r.Point == events[1].Point().String() && r.Name == events[1].RecordName() {
			found = true
			if want := `{"http\uff0emethod":"GET","\uff04set":{"a\uff0eb":1},"params":["[1,\"x\"]","[2]"],"host":"h"}`; string(r.Info) != want {
				t.Errorf("info = %s, want %s", r.Info, want)
			}
		}
	}
	if !found {
		t.Error("the record with strange keys is missing")
	}

	// What no server takes goes alone.
	events = drivertest.Trace(6, 0)
	base = events[0].Trace().String()
	huge := drivertest.Info(strings.Repeat("x", 17<<20))
	events[2].Change(func(f *record.Fields) { f.Info = huge })
	events[5].Change(func(f *record.Fields) { f.Info = huge })
	err := d.Notify(t.Context(), events)
	var refused *record.RejectedError
	if !errors.As(err, &refused) || !slices.Equal(refused.Indexes, []int{2, 5}) {
		t.Fatalf("Notify of two records of 17 MiB: %v", err)
	}
	if n := len(drain(t, d, base)); n != 4 {
		t.Errorf("%d records beside the refused ones, want 4", n)
	}
}
