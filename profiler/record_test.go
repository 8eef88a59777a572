package profiler_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

func TestRecordEvent(t *testing.T) {
	for _, kind := range []profiler.Kind{profiler.KindStart, profiler.KindStop} {
		e := profiler.Event{
			Name: "db", Kind: kind, BaseID: header.NewID(), ParentID: header.NewID(), TraceID: header.NewID(),
			Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC).UnixNano(), Project: "shop", Service: "api",
			Info: []byte(`{"db":{"statement":"\u00e9"},"host":"h"}`),
		}
		stored := profiler.AppendRecord(nil, &e)
		r, err := profiler.ParseRecord(stored)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		if got := profiler.AppendRecord(nil, &again); !bytes.Equal(got, stored) || again.Host != "h" {
			t.Errorf("%s\nbecame\n%s", stored, got)
		}
	}
}

func TestRecordEventRefuses(t *testing.T) {
	good := profiler.Record{Name: "a-start", BaseID: "b", ParentID: "b", TraceID: "t", Timestamp: "2026-01-02T03:04:05.000006"}
	if e, err := good.Event(); err != nil || string(e.Info) != "{}" {
		t.Errorf("%s, %v", e.Info, err)
	}
	for _, change := range []func(*profiler.Record){
		func(r *profiler.Record) { r.Name = "a" },
		func(r *profiler.Record) { r.TraceID = "" },
		func(r *profiler.Record) { r.BaseID = "a b" },
		func(r *profiler.Record) { r.Timestamp = "yesterday" },
	} {
		r := good
		change(&r)
		if _, err := r.Event(); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
