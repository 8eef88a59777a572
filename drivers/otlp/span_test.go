package otlp

import (
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/otlpspan"
	"github.com/sonde-go/sonde/record"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// marks says which of its records a span lacks.
func marks(span *tracepb.Span) string {
	var m []string
	for _, kv := range span.Attributes {
		if name, ok := strings.CutPrefix(kv.Key, "sonde."); ok && kv.Value.GetBoolValue() {
			m = append(m, name)
		}
	}
	return strings.Join(m, " ")
}

// point sends a start and a stop with infos and returns the span.
func spanFor(t *testing.T, name, start, stop string) *tracepb.Span {
	t.Helper()
	events := drivertest.Trace(4, 0)[1:3]
	for i, info := range []string{start, stop} {
		events[i].Change(func(f *record.Fields) {
			f.Name, f.Info = name, []byte(info)
			f.Producer = 0 // as of a copy: only the records tell who recorded them
		})
	}
	d := &store{}
	d.spans = otlpspan.Maker{Prefix: "cloud", Foreign: d.foreign.get}
	d.foreign.learn(events)
	b := d.held.take(events, time.Now())
	data := d.export(b.ready())
	if got := textOf(data.ResourceSpans[0].Resource.Attributes[0].Value); got != "string cloud-shop-checkout" {
		t.Errorf("service.name is %s", got)
	}
	return spansOf(data)[0]
}

func TestAttributes(t *testing.T) {
	for _, c := range []struct {
		point, start, stop, name, kind string
		want                           map[string]string
	}{
		{"http", `{"request":{"path":"/a","query":"","method":"GET","scheme":"http"},"host":"h"}`, `{"response":{"status_code":404,"route":"/{x}","bytes":7},"host":"h"}`,
			"GET /{x}", "SERVER", map[string]string{"url.path": "string /a", "http.request.method": "string GET", "http.response.status_code": "int 404",
				"http.route": "string /{x}", "response.bytes": "int 7", "host": ""}},
		{"http", `{"request":{"path":"/a","method":"GET"},"host":"h"}`, `{"response":{"status_code":404},"host":"h"}`, "GET", "SERVER", nil},
		{"wsgi", `{"request":{"path":"/a","method":"GET"},"host":"h"}`, `{"host":"h"}`, "WSGI_GET_/a", "SERVER", nil},
		{"http_client", `{"requests":{"path":"/a","method":"GET","hostname":"x","port":443},"host":"h"}`, `{"requests":{"status_code":200},"host":"h"}`,
			"REQUESTS_GET_x", "CLIENT", map[string]string{"server.address": "string x", "server.port": "int 443", "http.response.status_code": "int 200", "status_code": "int 200"}},
		{"db", `{"db":{"statement":"\n select  1","params":{"a":[1]}},"host":"h"}`, `{"db":{"rows":3},"host":"h"}`,
			"SQL_SELECT", "CLIENT", map[string]string{"db.query.text": "string \n select  1", "db.operation.name": "string SELECT", "db.params": `string {"a":[1]}`, "db.response.returned_rows": "int 3"}},
		{"db", `{"db":{},"host":"h"}`, `{"host":"h"}`, "db", "CLIENT", nil},
		{"rpc", `{"grpc":{"method":"/a.B/C"},"sonde":{"kind":"client"},"host":"h"}`, `{"grpc":{"code":"DeadlineExceeded"},"host":"h"}`,
			"a.B/C", "CLIENT", map[string]string{"rpc.system.name": "string grpc", "rpc.method": "string a.B/C", "grpc.method": "string /a.B/C", "rpc.response.status_code": "string DEADLINE_EXCEEDED"}},
		{"api_client", `{"grpc":{"method":"/a.B/C"},"sonde":{"kind":"server"},"host":"h"}`, `{"grpc":{"code":"Canceled"},"host":"h"}`,
			"a.B/C", "SERVER", map[string]string{"rpc.response.status_code": "string CANCELLED"}},
		{"nats_publish", `{"nats":{"subject":"s","bytes":1},"sonde":{"kind":"producer"},"host":"h"}`, `{}`,
			"send s", "PRODUCER", map[string]string{"messaging.system": "string nats", "messaging.destination.name": "string s", "messaging.operation.type": "string send"}},
		{"nats_process", `{"nats":{"subject":"s","queue":"q"},"sonde":{"kind":"consumer"},"host":"h"}`, `{}`,
			"process s", "CONSUMER", map[string]string{"messaging.consumer.group.name": "string q", "messaging.operation.type": "string process"}},
		{"feedback", `{"sonde":{"kind":"internal"},"host":"h"}`, `{}`, "feedback", "INTERNAL", nil},
		{"feedback", `{"host":"h"}`, `{}`, "feedback", "CLIENT", nil}, // OSProfiler's guess
		{"produce", `{"pulsar":{"topic":"t"},"sonde":{"layer":{"group":"pulsar","kind":"producer","span":"{operation} {pulsar.topic}","attributes":{"messaging.system":"pulsar","messaging.destination.name":"{pulsar.topic}"}},"kind":"producer"},"host":"h"}`, `{}`,
			"send t", "PRODUCER", map[string]string{"messaging.system": "string pulsar", "messaging.destination.name": "string t", "pulsar.topic": "", "sonde.layer.group": ""}},
		{"own", `{"a":1,"b":{"c":{"d":[1,"x"]}},"f":1e16,"big":123456789012345678901,"n":null,"nan":NaN,"t":true,"host":"h"}`, `{"a":2,"message":"m","host":"h"}`,
			"own", "INTERNAL", map[string]string{"a": "int 2", "b.c.d": `string [1,"x"]`, "f": "double 1e+16", "big": "string 123456789012345678901", "n": "", "nan": "string NaN", "t": "bool true", "message": "string m"}},
		{"own", `{}`, `{"etype":"E","message":"m","host":"h"}`, "own", "INTERNAL", map[string]string{"error": "bool true", "error.type": "string E", "message": "", "etype": ""}},
	} {
		span := spanFor(t, c.point, c.start, c.stop)
		if span.Name != c.name || span.Kind.String() != "SPAN_KIND_"+c.kind {
			t.Errorf("%s: span %s of kind %s, want %s and %s", c.start, span.Name, span.Kind, c.name, c.kind)
		}
		got := map[string]string{}
		for _, kv := range span.Attributes {
			got[kv.Key] = textOf(kv.Value)
		}
		for key, want := range c.want {
			if got[key] != want {
				t.Errorf("%s: attribute %s is %q, want %q", c.start, key, got[key], want)
			}
		}
	}
	failed := spanFor(t, "own", `{}`, `{"etype":"E","message":"m"}`)
	if len(failed.Events) != 2 || failed.Events[1].Name != "exception" || textOf(failed.Events[1].Attributes[0].Value) != "string E" || failed.Status.Message != "m" {
		t.Errorf("an error is %v, %v", failed.Events, failed.Status)
	}
	many := spanFor(t, "own", "{"+strings.Repeat(`"a":1,`, 3)+manyMembers(500)+"}", `{}`)
	if n := len(many.Attributes); n != otlpspan.MaxAttributes || many.DroppedAttributesCount != 501-otlpspan.MaxAttributes {
		t.Errorf("%d attributes, %d dropped", n, many.DroppedAttributesCount)
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"k` + strings.Repeat("x", i) + `":1,`)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// TestHalves: a point whose records come apart is one span; without one of them
// it is sent at Close, marked.
func TestHalves(t *testing.T) {
	s := &standIn{}
	d := openURL(t, "otlp://"+s.http(t), drivers.Options{}).Driver().(*store)
	events := drivertest.Trace(8, 0) // http( db db db )
	notify := func(events ...record.Event) {
		t.Helper()
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	notify(events[2]) // the stop first
	notify(events[0], events[1], events[1])
	if spans := s.spans(); len(spans) != 1 || marks(spans[0]) != "" {
		t.Fatalf("spans %v", spans)
	}
	notify(events[3], events[6])
	if err := d.flush(t.Context(), time.Now().Add(-time.Second)); err != nil || len(s.spans()) != 1 {
		t.Fatalf("what has not waited long was sent: %v", err)
	}
	if err := d.flush(t.Context(), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	notify(events[7]) // the root's stop, after all
	if spans := s.spans(); len(spans) != 5 || marks(spans[4]) != "" || spans[4].ParentSpanId != nil {
		t.Fatalf("%d spans, the last %v", len(spans), spans[len(spans)-1])
	}
	notify(events[5])
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, span := range s.spans() {
		level := "inner"
		if span.ParentSpanId == nil {
			level = "root"
		}
		got[level+" "+marks(span)]++
		if span.EndTimeUnixNano < span.StartTimeUnixNano {
			t.Errorf("%s ends before it begins", span.Name)
		}
	}
	for name, want := range map[string]int{"root unfinished": 1, "root ": 1, "inner ": 2, "inner unfinished": 1, "inner unstarted": 1} {
		if got[name] != want {
			t.Errorf("%d spans %q, want %d (%v)", got[name], name, want, got)
		}
	}
}

// TestBounded: what is held has a bound in bytes, and what there is no room for
// goes out as it is.
func TestBounded(t *testing.T) {
	var h held
	info := drivertest.Info(strings.Repeat("x", 16000))
	evicted := 0
	for range 30 {
		events := drivertest.Trace(200, 0)
		starts := events[:0]
		for _, e := range events {
			if e.Phase() == record.Start {
				e.Change(func(f *record.Fields) { f.Info = info })
				starts = append(starts, e)
			}
		}
		b := h.take(starts, time.Now())
		evicted += len(b.ready())
		if h.bytes > maxBytes {
			t.Fatalf("%d bytes are held", h.bytes)
		}
		// A failure puts all back.
		if len(b.evicted) > 0 {
			before := len(h.points)
			h.undo(b, nil)
			if n := len(h.points); n != before-len(starts)+len(b.evicted) {
				t.Fatalf("%d points are held after undo, %d before", n, before)
			}
			return
		}
	}
	t.Errorf("%d evicted, %d held", evicted, len(h.points))
}

func TestForget(t *testing.T) {
	var h held
	h.take(drivertest.Trace(1, 0), time.Now())
	h.forget(time.Now().Add(time.Hour))
	if len(h.points) != 1 {
		t.Error("a point that was not sent is forgotten")
	}
	h.markSent(h.unsent(time.Now().Add(time.Hour)))
	h.forget(time.Now().Add(time.Hour))
	if len(h.points) != 0 || h.bytes != 0 || h.order.Len() != 0 {
		t.Errorf("%d points and %d bytes are held", len(h.points), h.bytes)
	}
}
