package record

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
)

// TestParserKnows holds that both usual layouts are known, and written again.
func TestParserKnows(t *testing.T) {
	noProject := strings.Replace(compactRecord, `"project":"shop"`, `"project":null`, 1)
	withNumber := compactRecord[:len(compactRecord)-1] + "," + numbered + "}"
	withMost := strings.Replace(withNumber, ":17", ":999999999999999", 1)
	withBlanks := pythonRecord[:len(pythonRecord)-1] + `, "sonde": {"from": "9f3c5a0e12ab34cd", "n": 17}}`
	var p Parser
	for _, payload := range []string{compactRecord, pythonRecord, compactRecord, noProject, pythonRecord, withNumber, withBlanks, withMost, compactRecord, withBlanks} {
		want, err := Parse([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Parse([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		checkRecord(t, got, want)
		k, ok := got.Known()
		if !ok {
			t.Fatalf("%s is not known", payload)
		}
		if text := k.Append(nil, got.Name, got.Trace, got.Info); string(text) != payload {
			t.Errorf("written again:\n%s\nwant\n%s", text, payload)
		}
		if micros, _, _ := ParseTimestamp(got.Timestamp); micros != k.Micros {
			t.Errorf("%s is %d", got.Timestamp, k.Micros)
		}
	}
}

// almostKnown are records that differ from a known layout in one place.
func almostKnown() (payloads []string) {
	for _, change := range [][2]string{
		{`"name":"db-start"`, `"name":"caf\u00e9-start"`}, {`db-start`, `é`}, {`{"name"`, ` {"name"`}, {`}`, `},`},
		{`b0000000`, `B0000000`}, {`11111111-0000-4000-8000-000000000001`, `17`}, {`22222222`, `2222222g`},
		{`11111111-0000-4000-8000-000000000001`, `00000000-0000-0000-0000-000000000000`},
		{`2026-01-02`, `2026-02-30`}, {`03:04:05`, `03:04:60`}, {`2026-01-02`, `2999-01-02`}, {`.000006`, `.00000x`},
		{`"host":"host-a"`, `"host":"host-a","x":1`}, {`"host":"host-a"`, `"host":7`}, {`"host":"host-a"`, `"x":"host\":\"host-a"`},
		{`"host":"host-a"`, `"x":{"host":"host-a"}`}, {`"host":"host-a"`, `"host":"a\"b"`}, {`"host":"host-a"`, `"\"host":"host-a"`},
		{`"host":"host-a"`, `"x":[1,"host":"host-a"]`}, {`"host":"host-a"`, `"host":"b","host":"host-a"`}, {`"host":"host-a"`, `"host":"é"`},
		{`"project":"shop"`, `"project":7`}, {`"project":"shop"`, `"project":"sh\u006fp"`}, {`"project":"shop"`, `"project":null`},
		{`"service":"cart"`, `"service":"cart","name":"x"`}, {`"service":"cart"`, `"service":null`}, {`,"service":"cart"`, ``},
		{`null`, strings.Repeat("[", 997) + strings.Repeat("]", 997)}, {`null`, strings.Repeat("[", 998) + strings.Repeat("]", 998)},
		{`null`, strings.Repeat("[", 996) + strings.Repeat("]", 996)}, {`null`, `nul`}, {`{"db"`, `{"db"}`}, {`"info":{`, `"info":[{`},
	} {
		payloads = append(payloads, strings.Replace(compactRecord, change[0], change[1], 1))
	}
	for _, tail := range []string{
		`"sonde":{"from":"9f3c5a0e12ab34cd","n":17}`, `"sonde": {"from": "9f3c5a0e12ab34cd", "n": 17}`, `"sonde":{"n":17,"from":"9f3c5a0e12ab34cd"}`,
		`"sonde":{"from":"9F3c5a0e12ab34cd","n":17}`, `"sonde":{"from":"f3c5a0e12ab34cd","n":17}`, `"sonde":{"from":"0000000000000000","n":17}`,
		`"sonde":{"from":"9f3c5a0e12ab34cd","n":0}`, `"sonde":{"from":"9f3c5a0e12ab34cd","n":-1}`, `"sonde":{"from":"9f3c5a0e12ab34cd","n":1e3}`,
		`"sonde":{"from":"9f3c5a0e12ab34cd","n":"17"}`, `"sonde":{"from":"9f3c5a0e12ab34cd","n":017}`, `"sonde":{"from":"9f3c5a0e12ab34cd","n":}`,
		`"sonde":{"from":"9f3c5a0e12ab34cd","n":1000000000000000}`, `"sonde":{"from":"9f3c5a0e12ab34cd","n":999999999999999}`,
		`"sonde":{"from":"9f3c5a0e12ab34cd","n":17,"x":1}`, `"sonde":{}`, `"sonde":null`, `"sonde":[{}]`, `"sonde":{"x":{"from":"9f3c5a0e12ab34cd","n":17}}`,
		numbered + "," + numbered, numbered + `,"x":1`, numbered + `}`, `{"n":17}`,
	} {
		payloads = append(payloads, compactRecord[:len(compactRecord)-1]+","+tail+"}", pythonRecord[:len(pythonRecord)-1]+", "+tail+"}")
	}
	for _, id := range []string{"11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"} {
		payloads = append(payloads, strings.Replace(compactRecord, id, strings.Repeat("\x00", len(id)), 1))
	}
	for cut := range 3 {
		payloads = append(payloads, compactRecord[:len(compactRecord)-1-cut], pythonRecord[:len(pythonRecord)-1-cut])
	}
	return payloads
}

func TestParserAgrees(t *testing.T) {
	var used Parser
	for range 3 { // infos that were read before are known without a look
		for _, payload := range almostKnown() {
			agree(t, &used, []byte(payload))
		}
	}
	if used.infos.slots == nil {
		t.Error("no info is known again")
	}
}

// agree holds that a Parser, new or used, reads what Parse reads, and that what it
// knows can be written again.
func agree(t *testing.T, used *Parser, payload []byte) {
	t.Helper()
	want, wantErr := Parse(payload)
	for _, p := range []*Parser{new(Parser), used} {
		got, err := p.Parse(payload)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%q: %v, want %v", payload, err, wantErr)
		}
		checkRecord(t, got, want)
		if k, ok := got.Known(); ok {
			if text := k.Append(nil, got.Name, got.Trace, got.Info); !bytes.Equal(text, payload) {
				t.Fatalf("%q is written again as %q", payload, text)
			}
			if micros, odd, ok := ParseTimestamp(got.Timestamp); !ok || odd || micros != k.Micros {
				t.Fatalf("%q is %d", got.Timestamp, k.Micros)
			}
		}
	}
}

// FuzzParser compares the Parser with Parse.
func FuzzParser(f *testing.F) {
	f.Add([]byte(compactRecord))
	f.Add([]byte(pythonRecord))
	for _, payload := range almostKnown() {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var used Parser
		for range someInfos {
			for _, before := range []string{compactRecord, pythonRecord} {
				if _, err := used.Parse([]byte(before)); err != nil {
					t.Fatal(err)
				}
			}
		}
		agree(t, &used, payload)
	})
}

// TestKnownOfAChangedRecord holds that a record is not known by what it no longer
// says.
func TestKnownOfAChangedRecord(t *testing.T) {
	for name, change := range map[string]func(r *Record){
		"parent":    func(r *Record) { r.Parent = strings.Clone(r.Trace) },
		"point":     func(r *Record) { r.Point = "1" },
		"timestamp": func(r *Record) { r.Timestamp = "2026-01-02T03:04:06.000006" },
		"project":   func(r *Record) { r.Project = nil },
		"service":   func(r *Record) { r.Service = ref("other") },
		"info":      func(r *Record) { r.Info = []byte("{}") },
		"name":      func(r *Record) { r.Name = "longer-start" },
		"payload":   func(r *Record) { r.Payload = nil },
		"number":    func(r *Record) { r.Number.N++ },
		"a clone":   func(r *Record) { *r = r.Clone() },
	} {
		r, err := new(Parser).Parse([]byte(compactRecord))
		if err != nil {
			t.Fatal(err)
		}
		change(&r)
		if _, ok := r.Known(); ok {
			t.Errorf("with another %s it is known", name)
		}
	}
}

func TestClone(t *testing.T) {
	payload := []byte(pythonRecord)
	r, err := new(Parser).Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	kept := r.Clone()
	clear(payload)
	want, err := Parse([]byte(pythonRecord))
	if err != nil {
		t.Fatal(err)
	}
	checkRecord(t, kept, want)
	if none := (&Record{}).Clone(); none.Project != nil || none.Info != nil {
		t.Errorf("the clone of nothing is %+v", none)
	}
}

// TestParserLimits holds that a trace of ever new names, hosts and services is read.
func TestParserLimits(t *testing.T) {
	var p Parser
	for i := range 3 * maxNames {
		suffix := strings.Repeat("x", i%100) + string(rune('a'+i%26)) + strings.Repeat("y", i/100)
		payload := strings.NewReplacer("db-start", "db"+suffix+"-start", "host-a", "host"+suffix, "cart", "cart"+suffix).Replace(compactRecord)
		agree(t, &p, []byte(payload))
	}
	if len(p.names) > maxNames || len(p.hosts) > maxShapes || len(p.shapes) > maxShapes {
		t.Errorf("%d names, %d hosts and %d shapes are kept", len(p.names), len(p.hosts), len(p.shapes))
	}
}

func TestParserRefuses(t *testing.T) {
	var bad *BadRecordError
	if _, err := new(Parser).Parse([]byte(compactRecord[:100])); !errors.As(err, &bad) || len(bad.Raw) != 100 {
		t.Errorf("got %v", err)
	}
}

func TestAllocParser(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	var p Parser
	payload := []byte(compactRecord[:len(compactRecord)-1] + "," + numbered + "}")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := p.Parse(payload); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParser(b *testing.B) {
	var p Parser
	payload := []byte(compactRecord)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Parse(payload); err != nil {
			b.Fatal(err)
		}
	}
}
