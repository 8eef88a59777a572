package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
)

const (
	compactRecord = `{"name":"db-start","base_id":"b0000000-0000-4000-8000-000000000000","trace_id":"11111111-0000-4000-8000-000000000001","parent_id":"22222222-0000-4000-8000-000000000002","timestamp":"2026-01-02T03:04:05.000006","info":{"db":{"statement":"SELECT id FROM items WHERE sku = $1","params":null},"host":"host-a"},"project":"shop","service":"cart"}`
	numbered      = `"sonde":{"from":"9f3c5a0e12ab34cd","n":17}`
	pythonRecord  = `{"name": "db-start", "base_id": "b0000000-0000-4000-8000-000000000000", "trace_id": "11111111-0000-4000-8000-000000000001", "parent_id": "22222222-0000-4000-8000-000000000002", "timestamp": "2026-01-02T03:04:05.000006", "info": {"db": {"statement": "SELECT id FROM items WHERE sku = $1", "params": null}, "host": "host-a"}, "project": "shop", "service": "cart"}`
)

func ref(s string) *string { return &s }

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func checkRecord(t *testing.T, got, want Record) {
	t.Helper()
	if got.Name != want.Name || got.Trace != want.Trace || got.Point != want.Point ||
		got.Parent != want.Parent || got.Timestamp != want.Timestamp ||
		!sameText(got.Project, want.Project) || !sameText(got.Service, want.Service) ||
		!sameText(got.Host, want.Host) || got.Number != want.Number ||
		!bytes.Equal(got.Info, want.Info) || !bytes.Equal(got.Payload, want.Payload) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseRecordLayouts(t *testing.T) {
	for _, payload := range []string{compactRecord, pythonRecord, " \n" + pythonRecord + "\r\n"} {
		got, err := Parse([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		info := payload[strings.Index(payload, `{"db`):]
		info = info[:strings.Index(info, `host-a"}`)+len(`host-a"}`)]
		checkRecord(t, got, Record{
			Name:      "db-start",
			Trace:     "b0000000-0000-4000-8000-000000000000",
			Point:     "11111111-0000-4000-8000-000000000001",
			Parent:    "22222222-0000-4000-8000-000000000002",
			Timestamp: "2026-01-02T03:04:05.000006",
			Project:   ref("shop"), Service: ref("cart"), Host: ref("host-a"),
			Info: json.RawMessage(info), Payload: json.RawMessage(payload),
		})
	}
}

func TestParseRecordOddities(t *testing.T) {
	const rest = `,"trace_id":"t","timestamp":"s"`
	tests := map[string]struct {
		payload string
		want    Record
	}{
		"nulls": {
			`{"name":"a-start","base_id":null,"parent_id":null,"project":null,"service":null,"info":null` + rest + `}`,
			Record{Name: "a-start"},
		},
		"nothing more": {`{"name":"a-start"` + rest + `}`, Record{Name: "a-start"}},
		"last key wins": {
			`{"name":"x","name":"a-stop","info":{"host":"h"},"info":{"host":"g","host":"i"},"project":"p","project":null` + rest + `}`,
			Record{Name: "a-stop", Host: ref("i"), Info: json.RawMessage(`{"host":"g","host":"i"}`)},
		},
		"info is no object": {`{"name":"a","info":[{"host":1}]` + rest + `}`, Record{Name: "a"}},
		"numbers as ids": {
			`{"name":7,"base_id":12345,"parent_id":[1, 2],"service":true` + rest + `}`,
			Record{Name: "7", Trace: "12345", Parent: "[1, 2]", Service: ref("true")},
		},
		"escapes": {
			`{"n\u0061me":"caf\u00e9 \"\\\/\b\f\n\r\t \ud83d\ude00 \ud800 \ud800\u0041","\u0069nfo":{"h\u006fst":""}` + rest + `}`,
			Record{Name: "café \"\\/\b\f\n\r\t 😀 \ufffd \ufffdA", Host: ref(""), Info: json.RawMessage(`{"h\u006fst":""}`)},
		},
		"a key that is escaped twice": {`{"name":"a","\\\\":1,"\\\\u006eame":"b"` + rest + `}`, Record{Name: "a"}},
		"Python's numbers": {
			`{"name":"a","info":{"x":[NaN,Infinity,-Infinity,1e5,-0.5E-7]}` + rest + `}`,
			Record{Name: "a", Info: json.RawMessage(`{"x":[NaN,Infinity,-Infinity,1e5,-0.5E-7]}`)},
		},
		"number": {
			`{"name":"a", "sonde" : {"n":1,"N":2,"\u006e":17 ,"\u0066rom":"00000000000000ff","x":[{}]}` + rest + `}`,
			Record{Name: "a", Number: Number{From: 255, N: 17}},
		},
		"last number wins": {`{"name":"a",` + numbered + `,"sonde":null` + rest + `}`, Record{Name: "a"}},
		"host elsewhere": {`{"name":"a","host":"no","info":{"x":{"host":"no"}}` + rest + `}`,
			Record{Name: "a", Info: json.RawMessage(`{"x":{"host":"no"}}`)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Point, tt.want.Timestamp, tt.want.Payload = "t", "s", json.RawMessage(tt.payload)
			checkRecord(t, got, tt.want)
		})
	}
}

func TestParseRecordRefuses(t *testing.T) {
	deep := strings.Repeat("[", 100000)
	for _, payload := range []string{
		"", " ", "null", "1", `"x"`, "[]", "{", "{}", "{]", `{"name":"a-start"}`, compactRecord[:len(compactRecord)-1],
		compactRecord + "x", compactRecord + compactRecord, "\ufeff" + compactRecord,
		strings.Replace(compactRecord, "host-a", "host\n", 1), strings.Replace(compactRecord, "null", "nul", 1),
		strings.Replace(compactRecord, "null", "01", 1), strings.Replace(compactRecord, "null", "1.", 1),
		strings.Replace(compactRecord, "null", "-", 1), strings.Replace(compactRecord, "null", "[1,]", 1),
		strings.Replace(compactRecord, "null", `"\x"`, 1), strings.Replace(compactRecord, "null", `"\u12g4"`, 1),
		strings.Replace(compactRecord, "null", deep, 1), deep, `{"a":` + deep,
		strings.Replace(compactRecord, `"name"`, `"nam"`, 1), strings.Replace(compactRecord, `"db-start"`, `null`, 1),
		strings.Replace(compactRecord, `"trace_id"`, `"trace"`, 1),
	} {
		_, err := Parse([]byte(payload))
		var bad *BadRecordError
		if !errors.As(err, &bad) {
			t.Fatalf("%.80q: got %v, want a *BadRecordError", payload, err)
		}
		if string(bad.Raw) != payload {
			t.Errorf("%.80q: Raw is %.80q", payload, bad.Raw)
		}
	}
}

func TestParseRecordReadsAppendRecord(t *testing.T) {
	base, _ := header.ParseID("b0000000-0000-4000-8000-000000000000")
	id, _ := header.ParseID("own_id")
	e := New(Fields{Name: "na\"me\x01é", Phase: Stop, Trace: base, Parent: base, Point: id,
		Time: 1767323045000006999, Project: "p\\", Service: "s", Info: []byte(`{"host":"h"}`)})
	payload := e.AppendJSON(nil)
	got, err := Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	checkRecord(t, got, Record{
		Name: "na\"me\x01é-stop", Trace: base.String(), Parent: base.String(), Point: "own_id",
		Timestamp: "2026-01-02T03:04:05.000006", Project: ref("p\\"), Service: ref("s"), Host: ref("h"),
		Info: json.RawMessage(`{"host":"h"}`), Payload: payload,
	})
}

func TestParseRecordAllocates(t *testing.T) {
	payload := []byte(compactRecord)
	if n := race.Allocs(100, func() { _, _ = Parse(payload) }); n > 2 {
		t.Errorf("%v allocations, want at most 2", n)
	}
}

// FuzzParseRecord holds Parse to what encoding/json reads from the same
// text, wherever both take it.
func FuzzParseRecord(f *testing.F) {
	for _, s := range []string{compactRecord, pythonRecord, compactRecord[:len(compactRecord)-1] + "," + numbered + "}", `{"name":"a","trace_id":1,"timestamp":"\ud800"}`,
		`{"name":"a","name":null,"trace_id":"t","timestamp":"s","info":{"host":"a","host":null}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := Parse(payload)
		want, ok := parseSlowly(payload)
		if err != nil {
			if ok && json.Valid(payload) {
				t.Fatalf("refused %q: %v", payload, err)
			}
			return
		}
		if !json.Valid(payload) {
			if !bytes.Contains(payload, []byte("NaN")) && !bytes.Contains(payload, []byte("Infinity")) {
				t.Fatalf("took %q", payload)
			}
			return
		}
		if !ok {
			t.Fatalf("encoding/json cannot read %q", payload)
		}
		checkRecord(t, got, want)
	})
}

func parseSlowly(payload []byte) (Record, bool) {
	if bytes.Count(payload, []byte("["))+bytes.Count(payload, []byte("{")) > 500 {
		return Record{}, false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		return Record{}, false
	}
	value := func(in map[string]json.RawMessage, key string) *string {
		raw, ok := in[key]
		if !ok || string(raw) == "null" {
			return nil
		}
		s := string(raw)
		if raw[0] == '"' {
			_ = json.Unmarshal([]byte(s), &s)
		}
		return &s
	}
	str := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	r := Record{
		Name: str(value(fields, "name")), Trace: str(value(fields, "base_id")), Point: str(value(fields, "trace_id")),
		Parent: str(value(fields, "parent_id")), Timestamp: str(value(fields, "timestamp")),
		Project: value(fields, "project"), Service: value(fields, "service"), Payload: payload,
	}
	var number map[string]json.RawMessage
	if json.Unmarshal(fields["sonde"], &number) == nil {
		from, err := strconv.ParseUint(strings.Trim(string(number["from"]), `"`), 16, 64)
		n, _ := strconv.ParseUint(string(number["n"]), 10, 64)
		if is := (Number{from, n}); err == nil && n > 0 && string(number["from"]) == fmt.Sprintf(`"%016x"`, from) && from > 0 && n < 1e15 {
			r.Number = is
		}
	}
	if raw := fields["info"]; len(raw) > 0 && raw[0] == '{' {
		r.Info = raw
		var info map[string]json.RawMessage
		if json.Unmarshal(raw, &info) != nil {
			return Record{}, false
		}
		r.Host = value(info, "host")
	}
	return r, value(fields, "name") != nil && value(fields, "trace_id") != nil
}

func BenchmarkParseRecord(b *testing.B) {
	for name, payload := range map[string]string{"compact": compactRecord, "python": pythonRecord} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			p := []byte(payload)
			for b.Loop() {
				if _, err := Parse(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
