package otlp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/internal/otlpspan"
	"github.com/sonde-go/sonde/record"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// golden is what OSProfiler sent for its input.
type golden struct {
	Input, Extra []goldenRecord
	Batches      []struct {
		Requests []struct {
			Decoded struct {
				ResourceSpans []struct {
					Resource   struct{ Attributes []goldenAttribute }
					ScopeSpans []struct {
						Scope struct{ Name string }
						Spans []goldenSpan
					}
				}
			}
		}
	}
}

type goldenRecord struct {
	Project, Service string
	Payload          struct {
		Name      string
		BaseID    header.ID `json:"base_id"`
		TraceID   header.ID `json:"trace_id"`
		ParentID  header.ID `json:"parent_id"`
		Timestamp string
		Info      json.RawMessage
	}
}

type goldenAttribute struct {
	Key   string
	Value struct {
		StringValue *string
		IntValue    *string
		BoolValue   *bool
	}
}

type goldenSpan struct {
	TraceID, SpanID, ParentSpanID, Name, Kind string
	Attributes                                []goldenAttribute
	Events                                    []struct {
		Name       string
		Attributes []goldenAttribute
	}
	Flags uint32
}

func (g *goldenAttribute) text() string {
	switch v := g.Value; {
	case v.StringValue != nil:
		return "string " + *v.StringValue
	case v.IntValue != nil:
		return "int " + *v.IntValue
	case v.BoolValue != nil:
		return fmt.Sprint("bool ", *v.BoolValue)
	}
	return "none"
}

func textOf(v *commonpb.AnyValue) string {
	switch v := v.Value.(type) {
	case *commonpb.AnyValue_StringValue:
		return "string " + v.StringValue
	case *commonpb.AnyValue_IntValue:
		return fmt.Sprint("int ", v.IntValue)
	case *commonpb.AnyValue_BoolValue:
		return fmt.Sprint("bool ", v.BoolValue)
	case *commonpb.AnyValue_DoubleValue:
		return fmt.Sprint("double ", v.DoubleValue)
	}
	return "none"
}

func (r *goldenRecord) event(t *testing.T) record.Event {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000000", r.Payload.Timestamp)
	if err != nil {
		t.Fatal(err)
	}
	var info bytes.Buffer
	if err := json.Compact(&info, r.Payload.Info); err != nil {
		t.Fatal(err)
	}
	f := record.Fields{
		Trace: r.Payload.BaseID, Point: r.Payload.TraceID, Parent: r.Payload.ParentID,
		Time: at.UnixNano(), Project: r.Project, Service: r.Service, Host: "host-a", Info: info.Bytes(),
	}
	name, ok := strings.CutSuffix(r.Payload.Name, "-start")
	if !ok {
		f.Phase = record.Stop
		name = strings.TrimSuffix(r.Payload.Name, "-stop")
	}
	f.Name = name
	return record.New(f)
}

// undamaged are the names that OSProfiler's rstrip cut short.
var undamaged = map[string]string{"pai": "pair", "re": "rest", "c": "cart", "": "start"}

// TestGolden: everything that OSProfiler sends is sent, with the name that it
// means, and the times of the records.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/otlp.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(bytes.Replace(b, []byte(`"extra_input"`), []byte(`"extra"`), 1), &g); err != nil {
		t.Fatal(err)
	}
	s := &standIn{}
	d := openURL(t, "otlp://"+s.http(t), drivers.Options{})
	times := map[string][]int64{}
	for _, r := range append(g.Input, g.Extra...) {
		e := r.event(t)
		id := otelid.SpanID(e.Point())
		times[hex.EncodeToString(id[:])] = append(times[hex.EncodeToString(id[:])], e.Time())
		if err := d.Notify(t.Context(), []record.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]*tracepb.Span{}
	for _, span := range s.spans() {
		id := hex.EncodeToString(span.SpanId)
		if got[id] != nil {
			t.Errorf("the span %s came twice", id)
		}
		got[id] = span
	}
	n := 0
	for _, batch := range g.Batches {
		for _, request := range batch.Requests {
			for _, resource := range request.Decoded.ResourceSpans {
				compare(t, "resource", resource.Resource.Attributes, s.requests[0].ResourceSpans[0].Resource.Attributes)
				for _, in := range resource.ScopeSpans {
					if in.Scope.Name != otlpspan.Scope {
						t.Errorf("scope %s", in.Scope.Name)
					}
					for _, want := range in.Spans {
						n++
						compareSpan(t, want, got[want.SpanID], times[want.SpanID])
					}
				}
			}
		}
	}
	if n != len(got) || n < 20 {
		t.Errorf("%d spans, want %d", len(got), n)
	}
}

func compareSpan(t *testing.T, want goldenSpan, got *tracepb.Span, times []int64) {
	t.Helper()
	if got == nil {
		t.Errorf("no span %s (%s)", want.SpanID, want.Name)
		return
	}
	if name, ok := undamaged[want.Name]; ok {
		want.Name = name
	}
	if want.Name == "not-a-uuid" { // OSProfiler draws a random parent
		parent, _ := header.ParseID("hello")
		id := otelid.SpanID(parent)
		want.ParentSpanID = hex.EncodeToString(id[:])
	}
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("span %s: %s is %q, want %q", want, what, got, want)
		}
	}
	same("trace id", hex.EncodeToString(got.TraceId), want.TraceID)
	same("parent", hex.EncodeToString(got.ParentSpanId), want.ParentSpanID)
	same("name", got.Name, want.Name)
	same("kind", got.Kind.String(), want.Kind)
	same("flags", fmt.Sprint(got.Flags), fmt.Sprint(want.Flags))
	same("times", fmt.Sprint(got.StartTimeUnixNano, got.EndTimeUnixNano), fmt.Sprint(times[0], times[1]))
	compare(t, want.Name, want.Attributes, got.Attributes)
	if len(want.Events) > 0 {
		if len(got.Events) != 2 || got.Events[0].Name != want.Events[0].Name {
			t.Errorf("span %s has events %v", want.Name, got.Events)
			return
		}
		compare(t, want.Name, want.Events[0].Attributes, got.Events[0].Attributes)
	}
	if failed := got.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR; failed != (len(want.Events) > 0) {
		t.Errorf("span %s has the status %v", want.Name, got.Status)
	}
}

// compare checks that all wanted attributes are there; Python writes lists with
// blanks.
func compare(t *testing.T, what string, want []goldenAttribute, got []*commonpb.KeyValue) {
	t.Helper()
	values := map[string]string{}
	for _, kv := range got {
		if _, ok := values[kv.Key]; ok {
			t.Errorf("%s: two attributes %s", what, kv.Key)
		}
		values[kv.Key] = textOf(kv.Value)
	}
	for _, kv := range want {
		text := kv.text()
		if kv.Key == "db.params" {
			text = strings.NewReplacer(`", "`, `","`, `], [`, `],[`, `", null`, `",null`, `": `, `":`).Replace(text)
		}
		if values[kv.Key] != text {
			t.Errorf("%s: attribute %s is %q, want %q", what, kv.Key, values[kv.Key], text)
		}
	}
}
