package otlpjson_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/otlpjson"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, otlpjson.Output, "testdata") }

// decode reads a document by OTLP's schema, strictly.
func decode(t *testing.T, text []byte) *tracepb.TracesData {
	t.Helper()
	var any map[string]any
	if err := json.Unmarshal(text, &any); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	ids(t, any)
	plain, err := json.Marshal(any)
	if err != nil {
		t.Fatal(err)
	}
	var data tracepb.TracesData
	if err := protojson.Unmarshal(plain, &data); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return &data
}

// ids turns hexadecimal, which OTLP has, into base64, which protobuf's JSON has.
func ids(t *testing.T, in any) {
	switch in := in.(type) {
	case []any:
		for _, v := range in {
			ids(t, v)
		}
	case map[string]any:
		for name, v := range in {
			if text, ok := v.(string); ok && (name == "traceId" || name == "spanId" || name == "parentSpanId") {
				b, err := hex.DecodeString(text)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				in[name] = base64.StdEncoding.EncodeToString(b)
			}
			ids(t, v)
		}
	}
}

// TestSchema: what is written is OTLP's, with a span for each point.
func TestSchema(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		var out bytes.Buffer
		if err := otlpjson.Write(&out, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		spans := 0
		for _, rs := range decode(t, out.Bytes()).ResourceSpans {
			for _, s := range rs.ScopeSpans[0].Spans {
				spans++
				if len(s.TraceId) != 16 || len(s.SpanId) != 8 || s.EndTimeUnixNano < s.StartTimeUnixNano || s.Name == "" && trace.Name != "no-name" && trace.Name != "hostile" {
					t.Errorf("%s: %v", trace.Name, s)
				}
			}
		}
		if spans != r.Len() {
			t.Errorf("%s: %d spans of %d points", trace.Name, spans, r.Len())
		}
	}
}

// TestParents: the tree of the spans is that of the points, whatever their ids are.
func TestParents(t *testing.T) {
	r, err := report.Read([]byte(strings.ReplaceAll(`
{"name":"a-start","base_id":"BASE","trace_id":"no id!","parent_id":"BASE","timestamp":"2026-11-21T12:00:00.000000","info":{"x":NaN,"y":1e999,"z":-1e999}}
{"name":"b-start","base_id":"BASE","trace_id":"2","parent_id":"no id!","timestamp":"2026-11-21T12:00:00.010000","info":{}}
{"name":"b-stop","base_id":"BASE","trace_id":"2","parent_id":"no id!","timestamp":"2026-11-21T12:00:00.000001","info":{"etype":"E","message":"m"}}`, "BASE", "not an id either")))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := otlpjson.Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	spans := decode(t, out.Bytes()).ResourceSpans[0].ScopeSpans[0].Spans
	if len(spans) != 2 || spans[0].ParentSpanId != nil || !bytes.Equal(spans[1].ParentSpanId, spans[0].SpanId) ||
		!bytes.Equal(spans[0].TraceId, spans[1].TraceId) || spans[1].EndTimeUnixNano != spans[1].StartTimeUnixNano || spans[1].Status.GetMessage() != "m" {
		t.Errorf("%v", spans)
	}
}

// TestCollector: OpenTelemetry's collector takes what is written, to the last span.
func TestCollector(t *testing.T) {
	s := servertest.Collector(t)
	for _, trace := range outputtest.Traces(t) {
		var out bytes.Buffer
		if err := otlpjson.Write(&out, trace.Report(t), report.Options{}); err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.HTTP+"/v1/traces", &out)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reply.Body)
		if reply.Body.Close(); err != nil || reply.StatusCode != http.StatusOK || string(text) != `{"partialSuccess":{}}` {
			t.Errorf("%s: %v, %s, %s", trace.Name, err, reply.Status, text)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"job-start","base_id":"0123abcd-4567-4abc-9def-0123456789ab","trace_id":"0123abcd-4567-4abc-9def-0123456789ac","parent_id":"0123abcd-4567-4abc-9def-0123456789ab","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"sku":7}}
{"name":"job-stop","base_id":"0123abcd-4567-4abc-9def-0123456789ab","trace_id":"0123abcd-4567-4abc-9def-0123456789ac","parent_id":"0123abcd-4567-4abc-9def-0123456789ab","timestamp":"2026-11-21T12:00:00.120000","service":"shop","info":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := otlpjson.Write(os.Stdout, r, report.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"resourceSpans":[
	// {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"osprofiler.drivers.otlp"},"spans":[
	// {"traceId":"0123abcd45674abc9def0123456789ab","spanId":"9def0123456789ac","flags":256,"name":"job","kind":1,"startTimeUnixNano":"1795262400000000000","endTimeUnixNano":"1795262400120000000","attributes":[{"key":"sku","value":{"intValue":"7"}}]}]}]}]}
}
