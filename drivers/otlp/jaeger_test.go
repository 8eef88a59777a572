package otlp

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/otlpspan"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// foreignTrace is an answer of Jaeger: a span of this driver, a span of another
// program below it, one below that, and one whose record is broken.
const foreignTrace = `{"data":[{"traceID":"0123abcd45674abc9def0123456789ab","spans":[
{"spanID":"9def000000000002","operationName":"GET-users","references":[{"refType":"CHILD_OF","traceID":"0123abcd45674abc9def0123456789ab","spanID":"9def000000000001"}],
 "startTime":1770000000000200,"duration":300,"processID":"p1","logs":[{"timestamp":1,"fields":[{"key":"exception.type","type":"string","value":"KeyError"},{"key":"exception.message","type":"string","value":"no \"x\""}]}],
 "tags":[{"key":"error","type":"bool","value":true},{"key":"http.status_code","type":"int64","value":500},{"key":"host","type":"string","value":"y"}]},
{"spanID":"00f067aa0ba902b7","operationName":"inner","references":[{"refType":"CHILD_OF","traceID":"0123abcd45674abc9def0123456789ab","spanID":"9def000000000002"}],"startTime":1770000000000250,"duration":0,"processID":"p1","tags":[]},
{"spanID":"9def000000000003","operationName":"broken","startTime":1,"duration":1,"processID":"p2","tags":[{"key":"sonde.start","type":"string","value":"{\"name\":"}]},
{"spanID":"9def000000000001","operationName":"WSGI_GET_/","references":[],"startTime":1770000000000000,"duration":1000,"processID":"p2",
 "tags":[{"key":"sonde.start","type":"string","value":"{\"name\":\"wsgi-start\",\"base_id\":\"0123abcd-4567-4abc-9def-0123456789ab\",\"trace_id\":\"0123abcd-4567-4abc-9def-000000000001\",\"parent_id\":\"0123abcd-4567-4abc-9def-0123456789ab\",\"timestamp\":\"2026-02-02T02:40:00.000000\",\"info\":{\"host\":\"a\"},\"project\":\"p\",\"service\":\"s\"}"}]}],
"processes":{"p1":{"serviceName":"users","tags":[{"key":"host.name","type":"string","value":"b"}]},"p2":{"serviceName":"p-s","tags":[]}}}],"errors":null}`

const foreignBase = "0123abcd-4567-4abc-9def-0123456789ab"

// queryAPI answers as Jaeger's query API, with texts of the test.
func queryAPI(t *testing.T, answers map[string]string) *drivers.Store {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			text = `{"data":null,"total":0,"errors":[{"code":404,"msg":"trace not found"}]}`
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return openURL(t, "jaeger://127.0.0.1:1?query="+server.URL, drivers.Options{})
}

func TestForeignSpans(t *testing.T) {
	d := queryAPI(t, map[string]string{
		"/api/traces/0123abcd45674abc9def0123456789ab": foreignTrace,
		"/api/services": `{"data":["users","p-s","users"]}`,
		"/api/traces":   foreignTrace,
	})
	r, err := report.Build(d.Records(t.Context(), foreignBase))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.WriteOSProfiler(&text); err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Children []struct {
			Info     struct{ Name string }
			Children []struct {
				Info struct {
					Name, Service, Host, Exception string
					Started, Finished              int
				}
				Children []struct{ Info struct{ Name string } }
			}
		}
	}
	if err := json.Unmarshal(text.Bytes(), &tree); err != nil {
		t.Fatal(err)
	}
	if len(tree.Children) != 1 || tree.Children[0].Info.Name != "wsgi" || len(tree.Children[0].Children) != 1 {
		t.Fatalf("the report is %s", text.Bytes())
	}
	users := tree.Children[0].Children[0]
	if i := users.Info; i.Name != "GET_users" || i.Service != "users" || i.Host != "b" || i.Exception != "KeyError" {
		t.Errorf("the foreign span is %+v", i)
	}
	if len(users.Children) != 1 || users.Children[0].Info.Name != "inner" {
		t.Errorf("below the foreign span: %+v", users.Children)
	}
	if len(r.Warnings) == 0 || !strings.Contains(text.String(), `"http.status_code": 500`) {
		t.Errorf("%d warnings, report %s", len(r.Warnings), text.Bytes())
	}
	for _, q := range []drivers.Query{{}, {Limit: 1}, {Service: "s"}, {ErrorsOnly: true}} {
		want := []drivers.Trace{{ID: foreignBase, Timestamp: "2026-02-02T02:40:00.000000", Project: "p", Service: "s", Name: "wsgi", Failed: true}}
		if got := collect(t, d.Traces(t.Context(), q)); !slices.Equal(got, want) {
			t.Errorf("%+v: listed %+v", q, got)
		}
	}
	if got := collect(t, d.Records(t.Context(), "0123abcd-4567-4abc-9def-0123456789ac")); len(got) != 0 {
		t.Errorf("an unknown trace has %d records", len(got))
	}
}

func collect[T any](t *testing.T, seq iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func TestBadAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		`{"data":`:     "cannot be read",
		`<html>\nno`:   "cannot be read",
		`{"data":{}}`:  "cannot be read",
		`{"data":[1]}`: "cannot be read",
	} {
		d := queryAPI(t, map[string]string{"/api/traces/0123abcd45674abc9def0123456789ab": answer})
		for _, err := range d.Records(t.Context(), foreignBase) {
			shown(t, err, "Jaeger's query API at 127.0.0.1", want)
		}
	}
	// A server that is not Jaeger.
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	u := strings.Replace(server.URL, "http://", "http://u:hunter2@", 1)
	d := openURL(t, "jaeger://127.0.0.1:1?query="+u, drivers.Options{})
	n := 0
	for _, err := range d.Records(t.Context(), foreignBase) {
		shown(t, err, "404")
		n++
	}
	for _, err := range d.Traces(t.Context(), drivers.Query{}) {
		shown(t, err, "404")
		n++
	}
	if n != 2 {
		t.Errorf("%d errors, want 2", n)
	}
}

// TestJaegerReport: the report of what Jaeger gives back is, byte for byte, that
// of the records.
func TestJaegerReport(t *testing.T) {
	for _, start := range []func(testing.TB) *servertest.OTLP{servertest.Jaeger, servertest.Jaeger2} {
		s := start(t)
		d := openURL(t, jaegerURL(s), drivers.Options{Params: map[string]string{"service_name_prefix": "cloud"}}).Driver().(*jaeger)
		events := drivertest.Trace(40, 0)
		events[4].Change(func(f *record.Fields) {
			f.Info = []byte(`{"etype":"E","message":"caf\u00e9 \"x\"","z":1,"a":[{}],"host":"host-a"}`)
		})
		base := events[0].Trace().String()
		f := &follower{records: map[string]map[string]bool{}}
		if err := follow(d, f).Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		f.settle(t)
		got := printed(t, d.Records(t.Context(), base))
		want := printed(t, func(yield func(record.Record, error) bool) {
			for i := range events {
				if !yield(record.Parse(events[i].AppendJSON(nil))) {
					return
				}
			}
		})
		if got != want {
			t.Errorf("the report is\n%s\nwant\n%s", got, want)
		}
		if got := collect(t, d.Traces(t.Context(), drivers.Query{Limit: 5, ErrorsOnly: true, Since: time.Now().Add(-2 * time.Hour)})); len(got) != 1 || got[0].ID != base {
			t.Errorf("listed: %+v", got)
		}
	}
}

func printed(t *testing.T, records iter.Seq2[record.Record, error]) string {
	t.Helper()
	r, err := report.Build(records)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteOSProfiler(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzAnswer reads any trace without a panic, each record of it once and in
// order.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(foreignTrace))
	f.Add([]byte(`{"data":[{"traceID":"x","spans":[{"tags":[{"key":"sonde.stop","value":"{}"},{"key":"a"}],"logs":[{}]}]}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		var a struct{ Data []jaegerTrace }
		if json.Unmarshal(answer, &a) != nil {
			return
		}
		for _, trace := range a.Data {
			last := ""
			seen := map[[3]string]bool{}
			for _, r := range trace.records(trace.baseID()) {
				if r.bad != nil {
					continue
				}
				k := [3]string{r.Trace, r.Point, r.Name}
				if r.Timestamp < last || seen[k] {
					t.Fatalf("%v at %s, after %s", k, r.Timestamp, last)
				}
				last, seen[k] = r.Timestamp, true
			}
		}
	})
}

// FuzzURL: no URL makes the driver show a secret or panic.
func FuzzURL(f *testing.F) {
	f.Add("h:4318/x?header.a=b")
	f.Add("u:p@h?query=http://x&ssl_ca_certs=y")
	f.Fuzz(func(t *testing.T, rest string) {
		for _, scheme := range []string{"otlp", "otlp+https", "otlp+grpc", "jaeger"} {
			u, err := drivers.ParseURL(scheme+"://"+rest, drivers.Options{})
			if err == nil {
				var target *target
				target, err = targetOf(u)
				if err == nil && (target.host == "" || target.query == nil || !strings.HasPrefix(target.path, "/")) {
					t.Errorf("%q is read as %+v", rest, target)
				}
			}
			if err != nil && strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("%q: %q", rest, err)
			}
		}
	})
}

// FuzzInfo: any info becomes a span that protobuf takes, and any reply is read.
func FuzzInfo(f *testing.F) {
	f.Add("http", []byte(`{"request":{"path":"/"},"host":"h"}`), []byte(`{"etype":"E"}`), partial(1, "x"))
	f.Add("\xff", []byte(`{"a":{"\ud800":1e999,"":NaN}}`), []byte(`[`), []byte{0x0a, 0xff})
	f.Fuzz(func(t *testing.T, name string, start, stop, reply []byte) {
		events := drivertest.Trace(4, 0)[1:3]
		events[0].Change(func(f *record.Fields) { f.Name, f.Info = name, start })
		events[1].Change(func(f *record.Fields) { f.Name, f.Info = name, stop })
		s := sending{store: &store{transport: answering(reply), spans: otlpspan.Maker{Records: true, Foreign: new(foreignLayers).get}, logger: quiet}, ctx: t.Context()}
		b := s.held.take(events, time.Now())
		if err := s.send(b.ready()); err != nil {
			t.Fatal(err)
		}
	})
}
