package export_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/oteltrace/export"
	"github.com/sonde-go/sonde/record"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func spanContext(first, span byte) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{first, 15: 1}, SpanID: trace.SpanID{span}})
}

// exported are the start and the stop of a span.
func exported(t *testing.T, span tracetest.SpanStub) (start, stop record.Record) {
	t.Helper()
	s := &sink{}
	if err := export.New(s).ExportSpans(t.Context(), tracetest.SpanStubs{span}.Snapshots()); err != nil {
		t.Fatal(err)
	}
	if len(s.records) != 2 {
		t.Fatalf("%d records", len(s.records))
	}
	return s.records[0], s.records[1]
}

// TestTooLong: whatever a span holds, its records have the size of other points', and
// say what is missing.
func TestTooLong(t *testing.T) {
	var attributes []attribute.KeyValue
	var links []sdktrace.Link
	var events []sdktrace.Event
	for i := range 2000 {
		attributes = append(attributes, attribute.Int(fmt.Sprintf("number.%d", i), i))
		links = append(links, sdktrace.Link{SpanContext: spanContext(1, byte(i)), Attributes: attributes[:1]})
		events = append(events, sdktrace.Event{Name: "event", Attributes: attributes[:1]})
	}
	long := strings.Repeat("é", 1<<20)
	for name, span := range map[string]tracetest.SpanStub{
		"attributes": {Attributes: attributes},
		"links":      {Links: links},
		"events":     {Events: events},
		"text":       {Attributes: []attribute.KeyValue{attribute.String("long", long)}},
		"escapes":    {Attributes: []attribute.KeyValue{attribute.String("long", strings.Repeat("\xff", 10<<10))}},
		"key":        {Attributes: []attribute.KeyValue{attribute.Int(long, 1), attribute.String("long", long)}},
		"list":       {Attributes: []attribute.KeyValue{attribute.StringSlice("list", []string{long, long})}},
		"statement":  {Attributes: []attribute.KeyValue{attribute.String("db.query.text", "SELECT "+long)}},
		"message":    {Status: sdktrace.Status{Code: codes.Error, Description: long}},
		"exception": {Status: sdktrace.Status{Code: codes.Error}, Events: []sdktrace.Event{{Name: "exception", Attributes: []attribute.KeyValue{
			attribute.String("exception.message", long), attribute.String("exception.stacktrace", long)}}}},
		"event": {Events: []sdktrace.Event{{Name: long}}},
	} {
		span.SpanContext = spanContext(1, 1)
		start, stop := exported(t, span)
		cut := bytes.Count(start.Info, []byte(`"sonde":{"truncated":true}`)) + bytes.Count(stop.Info, []byte(`"sonde":{"truncated":true}`))
		if size := len(start.Info) + len(stop.Info); size < 2<<10 && name != "list" || size > 17<<10 || cut != 1 {
			t.Errorf("%s: %d bytes and %d bytes, %d of them say that something is missing", name, len(start.Info), len(stop.Info), cut)
		}
	}
	// A name is as long as a column, and leaves the room to what follows.
	start, _ := exported(t, tracetest.SpanStub{Name: long, SpanContext: spanContext(1, 1), Attributes: attributes[:1]})
	if !bytes.Contains(start.Info, []byte(`"number.0":0`)) || start.Name != long[:400]+"-start" {
		t.Errorf("%s: %s", start.Name, start.Info)
	}
}

// TestOddTimes: times that are missing, or that no record can have.
func TestOddTimes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const now, earlier, epoch = "2026-01-02T03:04:05.000000", "2026-01-02T02:04:05.000000", "1970-01-01T00:00:00.000000"
	for name, tt := range map[string]struct {
		start, end time.Time
		want       [2]string
	}{
		"none":       {time.Time{}, time.Time{}, [2]string{epoch, epoch}},
		"no end":     {at, time.Time{}, [2]string{now, now}},
		"no start":   {time.Time{}, at, [2]string{now, now}},
		"end before": {at, at.Add(-time.Hour), [2]string{now, earlier}},
		"too late":   {time.Date(5000, 1, 1, 0, 0, 0, 0, time.UTC), at, [2]string{now, now}},
	} {
		start, stop := exported(t, tracetest.SpanStub{SpanContext: spanContext(1, 1), StartTime: tt.start, EndTime: tt.end})
		if got := [2]string{start.Timestamp, stop.Timestamp}; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	// An event's time leaves the rest of the record alone.
	_, stop := exported(t, tracetest.SpanStub{
		SpanContext: spanContext(1, 1), Status: sdktrace.Status{Code: codes.Error, Description: "full"},
		Events: []sdktrace.Event{{Name: "late", Time: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}},
	})
	for _, want := range []string{`"message":"full"`, `"time":"12000-01-01T00:00:00Z"`} {
		if !bytes.Contains(stop.Info, []byte(want)) {
			t.Errorf("no %s in %s", want, stop.Info)
		}
	}
}

// TestOddContexts: a parent is of its span's trace, whatever it says, and a span
// without an id is none.
func TestOddContexts(t *testing.T) {
	want, _ := exported(t, tracetest.SpanStub{SpanContext: spanContext(1, 1), Parent: spanContext(1, 2).WithRemote(true)})
	for _, parent := range []trace.SpanContext{spanContext(9, 2), spanContext(1, 2).WithTraceID(trace.TraceID{})} {
		if got, _ := exported(t, tracetest.SpanStub{SpanContext: spanContext(1, 1), Parent: parent}); got.Parent != want.Parent {
			t.Errorf("below %s, want %s", got.Parent, want.Parent)
		}
	}
	s := &sink{}
	if err := export.New(s).ExportSpans(t.Context(), tracetest.SpanStubs{{}, {SpanContext: spanContext(1, 0)}}.Snapshots()); err != nil || s.records != nil {
		t.Errorf("%v, %+v", err, s.records)
	}
}

// TestSecrets: the mask applies wherever a text may be.
func TestSecrets(t *testing.T) {
	const url = "https://bob:hidden@shop.example/?token=hidden"
	text := []attribute.KeyValue{
		attribute.String("url", url), attribute.StringSlice("urls", []string{"a", url}), attribute.String("password", "hidden"),
		attribute.Float64Slice("numbers", []float64{math.NaN(), 1}),
	}
	start, stop := exported(t, tracetest.SpanStub{
		SpanContext: spanContext(1, 1), Attributes: text, Links: []sdktrace.Link{{}, {SpanContext: spanContext(1, 2), Attributes: text}},
		Events: []sdktrace.Event{{Name: "e", Attributes: text}}, Status: sdktrace.Status{Code: codes.Error, Description: "GET " + url + " refused"},
	})
	if n := bytes.Count(start.Info, []byte("base_id")); n != 1 {
		t.Errorf("%d links, want the one that leads to a span", n)
	}
	for _, r := range []record.Record{start, stop} {
		if bytes.Contains(r.Info, []byte("hidden")) || !bytes.Contains(r.Info, []byte(`"numbers":["NaN",1]`)) {
			t.Errorf("%s", r.Info)
		}
	}
	if !bytes.Contains(stop.Info, []byte(`"message":"GET https://***@shop.example/?token=*** refused"`)) {
		t.Errorf("%s", stop.Info)
	}
}

// TestTwice: a span that is exported twice is one point, and what comes after the end is
// an error or nothing.
func TestTwice(t *testing.T) {
	s := &sink{}
	e := export.New(s)
	span := tracetest.SpanStubs{{Name: "twice", SpanContext: spanContext(1, 1), StartTime: time.Unix(1, 0), EndTime: time.Unix(2, 0)}}
	for range 2 {
		if err := e.ExportSpans(t.Context(), span.Snapshots()); err != nil {
			t.Error(err)
		}
	}
	points := 0
	for range s.report(t).Walk() {
		points++
	}
	if points != 1 {
		t.Errorf("%d points", points)
	}
	if err := export.New(nil).ExportSpans(t.Context(), span.Snapshots()); err == nil {
		t.Error("no sink is no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if err := e.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
}
