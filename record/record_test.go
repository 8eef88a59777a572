package record_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func TestRecordEvent(t *testing.T) {
	for _, kind := range []record.Phase{record.Start, record.Stop} {
		e := record.New(record.Fields{
			Name: "db", Phase: kind, Trace: header.NewID(), Parent: header.NewID(), Point: header.NewID(),
			Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC).UnixNano(), Project: "shop", Service: "api",
			Info: []byte(`{"db":{"statement":"\u00e9"},"host":"h"}`),
		})
		stored := e.AppendJSON(nil)
		r, err := record.Parse(stored)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		if got := again.AppendJSON(nil); !bytes.Equal(got, stored) || again.Host() != "h" {
			t.Errorf("%s\nbecame\n%s", stored, got)
		}
	}
}

func TestRecordEventRefuses(t *testing.T) {
	good := record.Record{Name: "a-start", Trace: "b", Parent: "b", Point: "t", Timestamp: "2026-01-02T03:04:05.000006"}
	if e, err := good.Event(); err != nil || string(e.Info()) != "{}" {
		t.Errorf("%s, %v", e.Info(), err)
	}
	for _, change := range []func(*record.Record){
		func(r *record.Record) { r.Name = "a" },
		func(r *record.Record) { r.Point = "" },
		func(r *record.Record) { r.Trace = "a b" },
		func(r *record.Record) { r.Timestamp = "yesterday" },
	} {
		r := good
		change(&r)
		if _, err := r.Event(); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
