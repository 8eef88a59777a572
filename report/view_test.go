package report_test

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// plainOf is the text of a JSON value as a report gives it.
func plainOf(value []byte) string {
	if text, ok := jsontext.Text(value); ok {
		return text
	}
	if len(value) > 0 && value[0] == 'n' {
		return ""
	}
	return string(value)
}

// FuzzView compares a View, which walks once, with a search for each member.
func FuzzView(f *testing.F) {
	f.Add(`{"a":{"b":{"c":1},"b2":"x"},"etype":"E","message":"m","outcome":"o"}`, `{"request":{"path":"/x"}}`, "a.b.c")
	f.Add(`{"a":1,"a":{"b":2}}`, `{"\u0061":{"b":3}}`, "a.b")
	f.Add(`{"a":{"b":2},"a":null}`, `{"a":{"b":"\ud800é"}} `, "a.b")
	f.Add(`{"etype":null`, `[1]`, "etype")
	f.Add(`{"":{"":1}}`, `{"a":{"b":{"c":{"d":"deep"}}}}`, "a.b.c.d")
	f.Add(`{"sonde":{"kind":"client"}}`, `{`+strings.Repeat(`"x":{},`, 100)+`"y":1}`, ".")
	f.Fuzz(func(t *testing.T, start, stop, path string) {
		r := build(t, func(yield func(record.Record, error) bool) {
			if yield(record.Record{Name: "a-start", Point: "1", Timestamp: at(0), Info: []byte(start)}, nil) {
				yield(record.Record{Name: "a-stop", Point: "1", Timestamp: at(1), Info: []byte(stop)}, nil)
			}
		})
		names := strings.Split(path, ".")
		want := plainOf(jsontext.Get([]byte(stop), names...))
		if want == "" {
			want = plainOf(jsontext.Get([]byte(start), names...))
		}
		v := r.NewView()
		for range 2 {
			v.At(r.At(0))
			if got := string(v.Text(path)); got != want || r.Text(r.At(0), path) != want {
				t.Errorf("%q is %q, want %q", path, got, want)
			}
			etype, message, failed := v.Failure()
			wantType, wantMessage, wantFailed := r.Failure(r.At(0))
			if string(etype) != wantType || string(message) != wantMessage || failed != wantFailed {
				t.Errorf("failed with %q, %q, %v, want %q, %q, %v", etype, message, failed, wantType, wantMessage, wantFailed)
			}
			if got, want := string(v.Outcome()), r.Outcome(r.At(0)); got != want {
				t.Errorf("the outcome is %q, want %q", got, want)
			}
			if got, want := string(v.Detail()), r.Detail(r.At(0)); got != want {
				t.Errorf("the detail is %q, want %q", got, want)
			}
		}
	})
}

// TestViewFromPointToPoint holds that a View says of each point what is said of it
// alone.
func TestViewFromPointToPoint(t *testing.T) {
	for _, trace := range views() {
		r := build(t, ofPayloads(trace))
		v := r.NewView()
		for range 2 {
			for p := range r.All() {
				v.At(p)
				if string(v.Detail()) != r.Detail(p) || v.Kind() != r.Kind(p) || v.Layer() != r.Layer(p) ||
					string(v.Info(record.Start)) != string(r.Info(p, record.Start)) || string(v.Info(record.Stop)) != string(r.Info(p, record.Stop)) {
					t.Errorf("%s: %q, %v", p.ID(), v.Detail(), v.Kind())
				}
			}
		}
	}
}

func views() [][][]byte {
	infos := []string{
		`{"request":{"path":"/a\u002fb","method":"GET"},"host":"h"}`, plain, `{"db":{"statement":"SELECT 'é'"}}`,
		`{"function":{"name":"f"},"sonde":{"kind":"client"}}`, plain, `{"grpc":{"method":"/a.B/c"}}`, `{"outcome":"cancelled","etype":"E","message":"\n"}`,
	}
	var trace []string
	for i, info := range infos {
		id := string(rune('a' + i))
		trace = append(trace, stored("x-start", id, "base", at(i), info), stored("x-stop", id, "base", at(i+1), infos[len(infos)-1-i]))
	}
	return [][][]byte{ofTexts(trace), bigTrace(1000)}
}

func ofTexts(texts []string) (payloads [][]byte) {
	for _, text := range texts {
		payloads = append(payloads, []byte(text))
	}
	return payloads
}
