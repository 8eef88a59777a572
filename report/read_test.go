package report_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
)

func TestReadForms(t *testing.T) {
	records := []string{stored("a-start", "1", "base", at(0), plain), stored("a-stop", "1", "base", at(4000), plain)}
	want := toJSON(t, build(t, ofPayloads(records)))
	for name, data := range map[string]string{
		"lines":        strings.Join(records, "\n") + "\n",
		"CRLF, blanks": "\r\n " + strings.Join(records, "\r\n\n"),
		"array":        "[" + strings.Join(records, ", ") + "]\n",
		"report":       want,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := report.Read([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			checkText(t, toJSON(t, r), want)
			if r.Len() != 1 || r.At(0).Duration() != 4*time.Millisecond || len(r.Warnings) != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
	if r, err := report.Read([]byte(records[0])); err != nil || r.Len() != 1 {
		t.Errorf("one record: %v", err)
	}
}

// TestReadUpstreamFile reads the file that OSProfiler's command was given, and
// expects the text that it gave.
func TestReadUpstreamFile(t *testing.T) {
	data, err := os.ReadFile("testdata/file-trace.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/file-trace-shown.json")
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, toJSON(t, r), string(want))
	if got := names(r.Walk()); !slices.Equal(got, []string{"wsgi", "rpc"}) {
		t.Errorf("%v", got)
	}
	if rpc := find(t, r, "rpc"); rpc.Start() != 3*ms || rpc.Duration() != 4*ms || rpc.Service != "cond" || r.Detail(rpc) != "a.b.c.Func" {
		t.Errorf("%+v", rpc)
	}
}

func TestReadSQLReport(t *testing.T) {
	for _, run := range goldenRuns(t, "show_sql.json") {
		r, err := report.Read([]byte(run.Stdout))
		if err != nil {
			t.Fatal(err)
		}
		checkText(t, toJSON(t, r)+"\n", run.Stdout)
		if len(r.Warnings) != 0 || len(names(r.Walk())) != r.Len() || r.Unfinished() > 1 {
			t.Errorf("%s: %+v", run.ID, r.Warnings)
		}
	}
}

func TestReadSkipsWhatIsNoRecord(t *testing.T) {
	good := stored("a-start", "1", "base", at(0), plain)
	for _, data := range []string{"torn line {\"na\n" + good + "\n{}\n", `[7, ` + good + `, {"name": "x"}]`} {
		r, err := report.Read([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if r.Len() != 1 || len(r.Warnings) != 1 || r.Warnings[0].Count != 2 {
			t.Errorf("%+v", r.Warnings)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, data := range []string{"", " \n", "{}", "[]", "null", "hello\nworld\n", `{"children": []}`, `{"children": [{"info": {}}]}`, `{"children": 1}`, "\x00\xff"} {
		if _, err := report.Read([]byte(data)); !errors.Is(err, report.ErrNoRecords) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(stored("a-start", "1", "base", at(0), plain)))
	f.Add([]byte("[" + stored("a-stop", "1", "1", at(0), `{"etype": 1}`) + "]"))
	f.Add([]byte(`{"children": [{"info": {"name": "x", "started": 0, "finished": 3, "meta.raw_payload.x-start": {"info": null}}, "children": []}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Read(data)
		if err != nil {
			return
		}
		toText(t, r, report.Options{Width: 80})
		if len(toJSON(t, r)) == 0 {
			t.Error("no JSON")
		}
	})
}
