package messaging

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// golden is what OSProfiler sent and showed.
type golden struct {
	Messages    []goldenMessage
	WithContext []goldenMessage `json:"with_context"`
	Show        struct {
		BaseID string `json:"base_id"`
		Stdout string
	}
}

type goldenMessage struct {
	Exchange   string
	RoutingKey string `json:"routing_key"`
	Properties struct {
		ContentType     string `json:"content_type"`
		ContentEncoding string `json:"content_encoding"`
		DeliveryMode    uint8  `json:"delivery_mode"`
		Priority        uint8
	}
	Body string
}

func (m *goldenMessage) publishing() amqp.Publishing {
	return amqp.Publishing{
		ContentType: m.Properties.ContentType, ContentEncoding: m.Properties.ContentEncoding,
		DeliveryMode: m.Properties.DeliveryMode, Priority: m.Properties.Priority, Body: []byte(m.Body),
	}
}

func loadGolden(t testing.TB) (g golden) {
	t.Helper()
	b, err := os.ReadFile("testdata/amqp.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Messages) == 0 || len(g.WithContext) == 0 {
		t.Fatal("no golden messages")
	}
	return g
}

// keys returns the names of an object's members in their order.
func keys(object []byte) (names []string) {
	jsontext.Members(object, func(key, _ []byte) bool {
		names = append(names, string(jsontext.AppendUnquoted(nil, key)))
		return true
	})
	return names
}

func values(t *testing.T, text []byte) (m map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return m
}

// testGoldenMessages records each of OSProfiler's records anew and compares
// what the broker got with what OSProfiler sent.
func testGoldenMessages(t *testing.T, server *servertest.Server) {
	d := openURL(t, urlOf(server), drivers.Options{})
	g := loadGolden(t)
	var events []record.Event
	var want []goldenMessage
	for _, m := range g.Messages {
		r, err := record.Parse(jsontext.Get([]byte(m.Body), "payload"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := r.Event()
		if err != nil {
			continue // a name or an id that no Go service makes
		}
		events = append(events, e)
		want = append(want, m)
	}
	if len(events) < 100 {
		t.Fatalf("only %d of %d messages can be compared", len(events), len(g.Messages))
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	ch := channel(t, server)
	unique := map[string]bool{}
	for i := range want {
		m, ok, err := ch.Get(upstream.queue, true)
		if err != nil || !ok {
			t.Fatalf("message %d: %v, %v", i, ok, err)
		}
		w := want[i]
		if m.Exchange != w.Exchange || m.RoutingKey != w.RoutingKey || m.ContentType != w.Properties.ContentType ||
			m.ContentEncoding != w.Properties.ContentEncoding || m.DeliveryMode != w.Properties.DeliveryMode ||
			m.Priority != w.Properties.Priority || len(m.Headers) != 0 {
			t.Errorf("message %d: %+v, want %+v", i, m, w)
		}
		for _, path := range [][]string{nil, {"payload"}} {
			if g, w := keys(jsontext.Get(m.Body, path...)), keys(jsontext.Get([]byte(w.Body), path...)); !slices.Equal(g, w) {
				t.Errorf("message %d: keys %q, want %q", i, g, w)
			}
		}
		got, wanted := values(t, m.Body), values(t, []byte(w.Body))
		for _, own := range []string{"message_id", "timestamp", "_unique_id"} {
			g, _ := got[own].(string)
			w, _ := wanted[own].(string)
			if len(g) != len(w) || strings.Count(g, "-") != strings.Count(w, "-") {
				t.Errorf("message %d: %s is %q, want one like %q", i, own, g, w)
			}
			delete(got, own)
			delete(wanted, own)
			if own != "timestamp" {
				unique[g] = true
			}
		}
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("message %d is\n%s\nwant\n%s", i, m.Body, w.Body)
		}
	}
	if len(unique) != 2*len(want) {
		t.Errorf("%d different ids of %d messages", len(unique), len(want))
	}
}

func show(t testing.TB, d *drivers.Store, base string) string {
	t.Helper()
	r, err := report.Build(d.Records(t.Context(), base))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteOSProfiler(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// declare makes the queue, as a publisher does.
func declare(t testing.TB, d *drivers.Store) {
	t.Helper()
	if err := inside(d).ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// testGoldenReport makes OSProfiler's report of the messages that it sent.
func testGoldenReport(t *testing.T, server *servertest.Server) {
	d := openURL(t, urlOf(server), drivers.Options{})
	declare(t, d)
	g := loadGolden(t)
	bases := map[string]bool{}
	for _, m := range slices.Concat(g.Messages, g.WithContext) {
		put(t, server, m.publishing())
		base, _ := jsontext.Text(jsontext.Get([]byte(m.Body), "payload", "base_id"))
		bases[base] = true
	}
	for range 2 { // a trace can be shown again
		if got, want := show(t, d, g.Show.BaseID), strings.TrimSuffix(g.Show.Stdout, "\n"); got != want {
			t.Errorf("the report is\n%s\nwant\n%s", got, want)
		}
	}
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		delete(bases, tr.ID)
	}
	if len(bases) > 0 {
		t.Errorf("not listed: %q", slices.Collect(maps.Keys(bases)))
	}
}

// testWhatIsRead: which messages are taken for records.
func testWhatIsRead(t *testing.T, server *servertest.Server) {
	d := openURL(t, urlOf(server), drivers.Options{})
	declare(t, d)
	record := func(base string) string {
		return `{"name": "a-start", "base_id": "` + base + `", "trace_id": "t", "parent_id": "` + base +
			`", "timestamp": "2024-01-01T00:00:00.000000", "info": {"host": "h"}, "project": null, "service": "s"}`
	}
	body := func(base, priority, more string) string {
		return `{"event_type": "profiler.s", "priority": "` + priority + `", "payload": ` + record(base) + more + `}`
	}
	enveloped := string(jsontext.AppendString([]byte(`{"oslo.version": "2.0", "oslo.message": `), body("v2", "INFO", ""))) + "}"
	for _, tt := range []struct {
		base, contentType string
		bodies            []string
		records           int
	}{
		{"v1", contentType, []string{body("v1", "INFO", `, "_unique_id": "1"`)}, 1},
		{"v2", contentType, []string{enveloped}, 1},
		{"lower", contentType, []string{body("lower", "info", "")}, 1},
		{"debug", contentType, []string{body("debug", "DEBUG", "")}, 0},
		{"untyped", "", []string{body("untyped", "INFO", "")}, 0},
		{"twice", contentType, []string{body("twice", "INFO", `, "_unique_id": "2"`), body("twice", "INFO", `, "_unique_id": "2"`)}, 1},
		{"noid", contentType, []string{body("noid", "INFO", ""), body("noid", "INFO", "")}, 2},
		{"pre", contentType, []string{body("prefix", "INFO", ""), body("xpre", "INFO", "")}, 0},
		{"n\u00f6", contentType, []string{body(`n\u00f6`, "INFO", "")}, 1},
		{"nopayload", contentType, []string{`{"priority": "INFO", "text": "nopayload"}`, `"nopayload"`[:3]}, 0},
	} {
		for _, b := range tt.bodies {
			put(t, server, amqp.Publishing{ContentType: tt.contentType, Body: []byte(b)})
		}
		n := 0
		for r, err := range d.Records(t.Context(), tt.base) {
			if err != nil && tt.base == "n\u00f6" {
				continue // a message that cannot be read may be of any such id
			}
			if err != nil || r.Trace != tt.base {
				t.Errorf("%s: %+v, %v", tt.base, r, err)
			}
			n++
		}
		if n != tt.records {
			t.Errorf("%s: %d records, want %d", tt.base, n, tt.records)
		}
	}
}

// testOrderIsKept looks at a queue many times, in part and as a whole, and
// finds all of it in its order each time.
func testOrderIsKept(t *testing.T, server *servertest.Server) {
	d := openURL(t, urlOf(server), drivers.Options{})
	events := drivertest.Trace(2*perChannel+100, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	base := events[0].Trace().String()
	for _, upTo := range []int{len(events), 1, 10, perChannel, perChannel + 1, len(events), len(events)} {
		n := 0
		for r, err := range d.Records(t.Context(), base) {
			if err != nil {
				t.Fatal(err)
			}
			if want := &events[n]; r.Point != want.Point().String() || r.Name != want.RecordName() {
				t.Fatalf("record %d is %s %s, want %s %s", n, r.Name, r.Point, want.RecordName(), want.Point())
			}
			if n++; n == upTo {
				break
			}
		}
		if n != upTo {
			t.Fatalf("%d records, want %d", n, upTo)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	e := drivertest.Trace(2, 0)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	first, again, stop := appendMessage(nil, &e[0], at), appendMessage(nil, &e[0], at.Add(time.Hour)), appendMessage(nil, &e[1], at)
	id := func(b []byte) string {
		return string(jsontext.Get(b, "_unique_id")) + string(jsontext.Get(b, "message_id"))
	}
	if id(first) != id(again) || id(first) == id(stop) {
		t.Errorf("ids %s, %s and %s", id(first), id(again), id(stop))
	}
	if got, _ := jsontext.Text(jsontext.Get(first, "timestamp")); got != "2026-01-02 03:04:05.000006" {
		t.Errorf("timestamp %q", got)
	}
}

func FuzzParseRecord(f *testing.F) {
	g := loadGolden(f)
	f.Add(g.Messages[0].Body)
	f.Add(`{"oslo.version":"2.0","oslo.message":"{\"priority\":\"INFO\",\"payload\":{\"name\":\"a-start\",\"trace_id\":\"t\"}}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		m := &amqp.Delivery{ContentType: contentType, Body: []byte(body)}
		r, _, ok, err := parseRecord(new(record.Parser), m)
		if ok && (err != nil || r.Name == "" && r.Point == "" && len(r.Payload) == 0) {
			t.Errorf("%q: %+v, %v", body, r, err)
		}
		if !json.Valid([]byte(body)) && ok && !strings.ContainsAny(body, "NI") { // NaN, Infinity
			t.Errorf("%q is taken for a notification", body)
		}
	})
}
