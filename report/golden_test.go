package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// row is a record as OSProfiler's SQL table has it.
type row struct {
	BaseID    string `json:"base_id"`
	ParentID  string `json:"parent_id"`
	TraceID   string `json:"trace_id"`
	Name      string
	Timestamp string
	Project   *string
	Service   *string
	Host      *string
	Data      string
}

func (r row) record() record.Record {
	data := []byte(r.Data)
	if text, ok := jsontext.Text(data); ok { // encoded twice
		data = []byte(text)
	}
	return record.Record{
		Name: r.Name, Trace: r.BaseID, Parent: r.ParentID, Point: r.TraceID, Timestamp: r.Timestamp,
		Project: r.Project, Service: r.Service, Host: r.Host, Payload: data, Info: jsontext.Get(data, "info"),
	}
}

func ofRows(rows []row) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for _, r := range rows {
			if !yield(r.record(), nil) {
				return
			}
		}
	}
}

// ofPayloads reads records as a driver may: each into the memory of the one before.
func ofPayloads[P ~[]byte | ~string](payloads []P) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		var p record.Parser
		var memory []byte
		for _, payload := range payloads {
			clear(memory)
			memory = append(memory[:0], payload...)
			if !yield(p.Parse(memory)) {
				return
			}
		}
	}
}

// inAnyLayout reads records without a look at known layouts.
func inAnyLayout[P ~[]byte | ~string](payloads []P) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for _, payload := range payloads {
			if !yield(record.Parse([]byte(payload))) {
				return
			}
		}
	}
}

func build(t testing.TB, records iter.Seq2[record.Record, error]) *report.Report {
	t.Helper()
	r, err := report.Build(records)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func toJSON(t testing.TB, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteOSProfiler(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// toText is the report for people, which must be safe to print.
func toText(t testing.TB, r *report.Report, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := text.Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(out.String(), func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
		t.Fatalf("%q", out.String()[i:])
	}
	return out.String()
}

func load(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(name, err)
	}
}

func checkText(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("line %d is %q, want %q", i+1, g[i], w[i])
		}
	}
	t.Fatalf("%d lines, want %d", len(g), len(w))
}

// TestGoldenBuilder compares with the reports that OSProfiler made of lists of
// records.
func TestGoldenBuilder(t *testing.T) {
	var golden struct {
		Cases []struct {
			ID, Desc, Path, Error string
			Events                []json.RawMessage
			Rows                  []row
			Text                  string `json:"expected_text"`
		}
	}
	load(t, "report_builder.json", &golden)
	for _, c := range golden.Cases {
		t.Run(c.ID+" "+c.Desc, func(t *testing.T) {
			records := ofPayloads(c.Events)
			if c.Path == "sql" {
				records = ofRows(c.Rows)
			}
			r := build(t, records)
			if c.Error == "" {
				if len(r.Warnings) != 0 {
					t.Errorf("warnings %v", r.Warnings)
				}
				checkText(t, toJSON(t, r), c.Text)
				return
			}
			// Where OSProfiler fails there is an answer and a warning.
			if r.Len() != 1 || len(r.Warnings) != 1 || r.At(0).Start() != 0 {
				t.Errorf("%d points, warnings %v", r.Len(), r.Warnings)
			}
		})
	}
}

type run struct {
	ID     string
	Argv   []string
	Stdout string
}

func goldenRuns(t *testing.T, name string) []run {
	var golden struct{ Runs []run }
	load(t, name, &golden)
	var shown []run
	for _, r := range golden.Runs {
		if strings.HasPrefix(r.Stdout, "{") {
			shown = append(shown, r)
		}
	}
	if len(shown) == 0 {
		t.Fatal("nothing in", name)
	}
	return shown
}

func TestGoldenShowRedis(t *testing.T) {
	var store struct {
		Keys []struct {
			Key   string
			Value json.RawMessage
		}
	}
	load(t, "keys.json", &store)
	for _, run := range goldenRuns(t, "show_redis.json") {
		t.Run(run.ID, func(t *testing.T) {
			var values []string
			for _, k := range store.Keys {
				if k.Key == "osprofiler_opt:"+run.Argv[2] {
					if err := json.Unmarshal(k.Value, &values); err != nil {
						t.Fatal(err)
					}
				}
			}
			checkText(t, toJSON(t, build(t, ofPayloads(values)))+"\n", run.Stdout)
		})
	}
}

func TestGoldenShowSQL(t *testing.T) {
	var store struct{ Rows []row }
	load(t, "mariadb.json", &store)
	for _, run := range goldenRuns(t, "show_sql.json") {
		t.Run(run.ID, func(t *testing.T) {
			var rows []row
			for _, r := range store.Rows {
				if r.BaseID == run.Argv[2] {
					rows = append(rows, r)
				}
			}
			checkText(t, toJSON(t, build(t, ofRows(rows)))+"\n", run.Stdout)
		})
	}
}

func TestGoldenShowMessaging(t *testing.T) {
	var store struct{ Messages []struct{ Body string } }
	load(t, "messages.json", &store)
	for _, run := range goldenRuns(t, "show_messaging.json") {
		t.Run(run.ID, func(t *testing.T) {
			var payloads []string
			for _, m := range store.Messages {
				payload := jsontext.Get([]byte(m.Body), "payload")
				if id, _ := jsontext.Text(jsontext.Get(payload, "base_id")); id == run.Argv[2] {
					payloads = append(payloads, string(payload))
				}
			}
			checkText(t, toJSON(t, build(t, ofPayloads(payloads)))+"\n", run.Stdout)
		})
	}
}

func TestNothing(t *testing.T) {
	r := build(t, ofPayloads([]string{}))
	checkText(t, toJSON(t, r), `{
  "info": {
    "name": "total",
    "started": 0,
    "finished": null,
    "last_trace_started": null
  },
  "children": [],
  "stats": {}
}`)
	if !r.Began().IsZero() || r.Duration() != 0 || r.Len() != 0 {
		t.Errorf("%+v", r)
	}
}

func TestBuildStopsAtAnError(t *testing.T) {
	broken := errors.New("the store is gone")
	_, err := report.Build(func(yield func(record.Record, error) bool) {
		if yield(record.Record{}, broken) {
			t.Error("goes on after the error")
		}
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestWriteOSProfilerReportsAFailedWrite(t *testing.T) {
	r := build(t, ofPayloads(deepTrace(2000)))
	full := errors.New("disk full")
	if err := r.WriteOSProfiler(failingWriter{full}); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// stored is a record in OSProfiler's layout.
func stored(name, id, parent, timestamp, info string) string {
	return fmt.Sprintf(`{"name": %q, "base_id": "base", "trace_id": %q, "parent_id": %q, "timestamp": %q, "info": %s, "project": "p", "service": "s"}`,
		name, id, parent, timestamp, info)
}

// at is a timestamp so many microseconds into a trace.
func at(micros int) string {
	return fmt.Sprintf("2026-01-02T03:%02d:%02d.%06d", micros/60e6%60, micros/1e6%60, micros%1e6)
}

// deepTrace is n points, each below the one before.
func deepTrace(n int) (payloads []string) {
	id := func(i int) string {
		if i == 0 {
			return "base"
		}
		return fmt.Sprintf("p%d", i)
	}
	for i := 1; i <= n; i++ {
		payloads = append(payloads, stored("f-start", id(i), id(i-1), at(i), `{"host": "h"}`))
	}
	for i := n; i >= 1; i-- {
		payloads = append(payloads, stored("f-stop", id(i), id(i-1), at(3*n-i), `{"host": "h"}`))
	}
	return payloads
}
