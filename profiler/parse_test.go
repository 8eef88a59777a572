package profiler

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/sonde-go/sonde/header"
)

func parseEvent(t testing.TB) *Event {
	base, _ := header.ParseID("a0000001-1111-4111-8111-000000000001")
	id, _ := header.ParseID("87eebaa0-1634-41b4-bc90-e8487e872f74")
	return &Event{
		Name: "db\"é🎉", Kind: KindStop, BaseID: base, ParentID: base, TraceID: id, Time: 1767323045000006999,
		Project: "nova", Service: "api\n", Info: []byte(`{"db":{"host":"inner","params":[1,null]},"host":"host-a"}`),
	}
}

func TestParseRecordReadsWhatAppendRecordWrites(t *testing.T) {
	e := parseEvent(t)
	raw := AppendRecord(nil, e)
	r, err := ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != e.RecordName() || r.BaseID != e.BaseID.String() || r.ParentID != e.ParentID.String() || r.TraceID != e.TraceID.String() ||
		r.Timestamp != "2026-01-02T03:04:05.000006" || *r.Project != e.Project || *r.Service != e.Service || *r.Host != "host-a" ||
		!bytes.Equal(r.Info, e.Info) || !bytes.Equal(r.Payload, raw) {
		t.Errorf("got %+v\nof %s", r, raw)
	}
}

func TestParseRecordIsLenient(t *testing.T) {
	const in = " {\"info\" : {\"x\": NaN, \"host\": null},\n\"name\": \"gone-start\", \"name\": \"fn-start\", \"extra\": [], \"base_id\": 12345, \"parent_id\": null, \"trace_id\": \"\\u0061\", \"service\": null} "
	r, err := ParseRecord([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "fn-start" || r.BaseID != "12345" || r.ParentID != "" || r.TraceID != "a" || r.Timestamp != "" ||
		r.Project != nil || r.Service != nil || r.Host != nil || string(r.Info) != `{"x": NaN, "host": null}` || string(r.Payload) != in {
		t.Errorf("got %+v", r)
	}
	if r, err := ParseRecord([]byte(`{"name":"a-stop","trace_id":"1","info":null}`)); err != nil || r.Info != nil {
		t.Errorf("without info: %+v, %v", r, err)
	}
}

func TestParseRecordRefuses(t *testing.T) {
	for in, want := range map[string]error{
		``:                                      errNotObject,
		`[]`:                                    errNotObject,
		`{"name":"a-start"} x`:                  errNotObject,
		`{"name":"a-start","trace_id":"1"`:      errNotObject,
		`{"name":"a-start" "trace_id":"1"}`:     errNotObject,
		`{"name":"a-start",}`:                   errNotObject,
		`{"trace_id":"1"}`:                      errNoName,
		`{"name":null,"trace_id":"1"}`:          errNoName,
		`{"name":"a-start"}`:                    errNoTraceID,
		`{"name":"a","trace_id":"1","info":[]}`: errInfo,
	} {
		_, err := ParseRecord([]byte(in))
		var bad *BadRecordError
		if !errors.As(err, &bad) || !errors.Is(err, want) || string(bad.Raw) != in {
			t.Errorf("%s: %v, want %v", in, err, want)
		}
	}
}

// FuzzParseRecord holds that what is taken is what encoding/json would read.
func FuzzParseRecord(f *testing.F) {
	f.Add(AppendRecord(nil, parseEvent(f)))
	f.Add([]byte(`{"name": "a-start", "trace_id": "\ud83c", "info": {"host": ""}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ParseRecord(raw)
		if err != nil || !json.Valid(raw) {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		for key, got := range map[string]string{"name": r.Name, "trace_id": r.TraceID, "timestamp": r.Timestamp} {
			var s string
			if json.Unmarshal(want[key], &s) == nil && s != got {
				t.Errorf("%s = %q, want %q", key, got, s)
			}
		}
		if info := want["info"]; r.Info != nil && !bytes.Equal(info, r.Info) {
			t.Errorf("info = %s, want %s", r.Info, info)
		}
	})
}

func BenchmarkParseRecord(b *testing.B) {
	raw := AppendRecord(nil, parseEvent(b))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRecord(raw); err != nil {
			b.Fatal(err)
		}
	}
}
