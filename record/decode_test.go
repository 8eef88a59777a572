package record

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const numberedTail = `,"sonde":{"from":"9f3c5a0e12ab34cd","n":17}}`

// TestDecoderKeepsTheText: what a service of ours has written stays byte for byte.
func TestDecoderKeepsTheText(t *testing.T) {
	numbered := strings.TrimSuffix(compactRecord, "}") + numberedTail
	longID := strings.ReplaceAll(compactRecord, "b0000000-0000-4000-8000-000000000000", "an-id_of-others")
	noProject := strings.Replace(compactRecord, `"project":"shop"`, `"project":null`, 1)
	stop := strings.Replace(compactRecord, "db-start", "db-stop", 1)
	var d Decoder
	for _, text := range []string{compactRecord, numbered, longID, noProject, stop, compactRecord} {
		e, err := d.Event([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if string(e.JSON()) != text {
			t.Errorf("%s\nbecame\n%s", text, e.JSON())
		}
		want, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		checkDecoded(t, &e, &want)
	}
	if len(d.sources) != 2 {
		t.Errorf("%d sources are remembered, want those with and without a project", len(d.sources))
	}
}

// checkDecoded compares what an event says with the record that it was read from.
func checkDecoded(t *testing.T, e *Event, r *Record) {
	t.Helper()
	got := fmt.Sprintln(e.RecordName(), e.Trace(), e.Point(), e.Parent(), string(AppendTimestamp(nil, e.Time())), e.Project(), e.Service(), e.Host())
	want := fmt.Sprintln(r.Name, r.Trace, r.Point, r.Parent, r.Timestamp, deref(r.Project), deref(r.Service), deref(r.Host))
	if got != want {
		t.Errorf("the event says %s\nthe record %s", got, want)
	}
}

// TestDecoderWritesOthersAnew: a record of Python's, and others that Parse reads.
func TestDecoderWritesOthersAnew(t *testing.T) {
	pythonNumbered := strings.TrimSuffix(pythonRecord, "}") + `, "sonde": {"from": "9f3c5a0e12ab34cd", "n": 17}}`
	for text, want := range map[string]string{
		pythonRecord:   compactRecord,
		pythonNumbered: strings.TrimSuffix(compactRecord, "}") + numberedTail,
		strings.Replace(compactRecord, `"db":`, `"é":"é","db":`, 1):                                     strings.Replace(compactRecord, `"db":`, `"\u00e9":"\u00e9","db":`, 1),
		` ` + strings.TrimSuffix(compactRecord, "}") + numberedTail:                                     strings.TrimSuffix(compactRecord, "}") + numberedTail,
		strings.TrimSuffix(compactRecord, "}") + `,"more":1}`:                                           strings.TrimSuffix(compactRecord, "}") + `,"more":1}`,
		`{"é":{"a":["ü\/"]},` + strings.TrimSuffix(compactRecord[1:], "}") + `,"n":null` + numberedTail: strings.TrimSuffix(compactRecord, "}") + `,"\u00e9":{"a":["\u00fc\/"]},"n":null` + numberedTail,
		strings.TrimSuffix(compactRecord, "}") + `,"sonde":{"from":"x","n":"17"}}`:                      compactRecord,
	} {
		e, err := new(Decoder).Event([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := Parse(e.JSON())
		if err != nil {
			t.Fatal(err)
		}
		checkDecoded(t, &e, &got)
		again, err := new(Decoder).Event(e.JSON())
		if err != nil || !bytes.Equal(again.JSON(), e.JSON()) {
			t.Errorf("%s is not kept: %v", e.JSON(), err)
		}
		if !jsonEqual(t, e.JSON(), []byte(want)) {
			t.Errorf("%s\nbecame\n%s\nwant\n%s", text, e.JSON(), want)
		}
	}
}

func jsonEqual(t *testing.T, a, b []byte) bool {
	t.Helper()
	strip := func(b []byte) string { return strings.NewReplacer(`": `, `":`, `, "`, `,"`).Replace(string(b)) }
	return strip(a) == strip(b)
}

func TestChangeKeepsTheNumber(t *testing.T) {
	for _, tail := range []string{"}", numberedTail, `,"more":{"sonde":1}}`, `,"more":{"sonde":1}` + numberedTail} {
		text := strings.TrimSuffix(compactRecord, "}") + tail
		e, err := new(Decoder).Event([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		e.Change(func(f *Fields) { f.Name, f.Service = "sql", "till" })
		want := strings.NewReplacer(`"db-start"`, `"sql-start"`, `"cart"`, `"till"`).Replace(text)
		if string(e.JSON()) != want || e.Name() != "sql" || e.Service() != "till" {
			t.Errorf("%s\nwant\n%s", e.JSON(), want)
		}
	}
}

func TestDecoderRefuses(t *testing.T) {
	const secret = "hunter2"
	for text, want := range map[string]string{
		``:                              "not JSON",
		`{"name":"` + secret:            "not JSON",
		`[]`:                            "not a JSON object",
		compactRecord + `{}`:            "not a JSON object",
		`{"name":"db-start"}`:           "no trace_id",
		`{"trace_id":"` + secret + `"}`: "no name",
		strings.Replace(compactRecord, "b0000000-", secret+"/", 1):                                                    "base_id is not an id",
		strings.Replace(compactRecord, "11111111-", secret+"/", 1):                                                    "trace_id is not an id",
		strings.Replace(compactRecord, "22222222-", secret+"/", 1):                                                    "parent_id is not an id",
		strings.Replace(compactRecord, `"2026-01-02T03:04:05.000006"`, "NaN", 1):                                      "no time",
		strings.Replace(compactRecord, "2026-01-02", "9999-01-02", 1):                                                 "centuries away",
		strings.Replace(compactRecord, "2026-01-02", "0001-01-02", 1):                                                 "centuries away",
		strings.Replace(compactRecord, "2026-01-02", secret, 1):                                                       "no time",
		strings.Replace(compactRecord, "db-start", secret, 1):                                                         "neither in -start nor in -stop",
		strings.Replace(compactRecord, `"info":{`, `"info":[{`, 1):                                                    "not JSON",
		`{"name":"a-start","trace_id":"a","base_id":"a","parent_id":"a","timestamp":"2026-01-02T03:04:05","info":[]}`: "no object",
	} {
		_, err := new(Decoder).Event([]byte(text))
		if !errors.Is(err, ErrNotEvent) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestDecoderForgets: a collector sees the records of any number of services.
func TestDecoderForgets(t *testing.T) {
	var d Decoder
	for i := range 10 * maxSources {
		text := strings.Replace(compactRecord, "cart", fmt.Sprint("cart", i), 1)
		text = strings.Replace(text, "host-a", fmt.Sprint("host-", i), 1)
		e, err := d.Event([]byte(text))
		if err != nil || string(e.JSON()) != text || e.Service() != fmt.Sprint("cart", i) || e.Host() != fmt.Sprint("host-", i) {
			t.Fatalf("%s became %s of %s at %s: %v", text, e.JSON(), e.Service(), e.Host(), err)
		}
	}
	if len(d.sources) > maxSources || len(d.hosts.hosts) > maxShapes {
		t.Errorf("%d sources and %d hosts are remembered", len(d.sources), len(d.hosts.hosts))
	}
}

// FuzzDecoder: whatever is an event says what Parse reads, and is kept when it is
// decoded again.
func FuzzDecoder(f *testing.F) {
	for _, text := range append(almostKnown(), compactRecord, pythonRecord, strings.TrimSuffix(compactRecord, "}")+numberedTail) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := new(Decoder).Event(text)
		if err != nil {
			if !errors.Is(err, ErrNotEvent) {
				t.Fatal(err)
			}
			return
		}
		r, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if e.Trace().String() != r.Trace || e.Point().String() != r.Point || e.Parent().String() != r.Parent || e.RecordName() != r.Name {
			t.Fatalf("%s became %s", text, e.JSON())
		}
		again, err := new(Decoder).Event(e.JSON())
		if err != nil || !bytes.Equal(again.JSON(), e.JSON()) {
			t.Fatalf("%s became %s: %v", e.JSON(), again.JSON(), err)
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	text := []byte(strings.TrimSuffix(compactRecord, "}") + numberedTail)
	var d Decoder
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Event(text); err != nil {
			b.Fatal(err)
		}
	}
}

func TestASCII(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			text := bytes.Repeat([]byte("~ "), 10)
			text[at] = byte(c)
			if got, want := ascii(text), c >= ' ' && c < 0x7f; got != want {
				t.Fatalf("%#x at %d: %v", c, at, got)
			}
		}
	}
}
