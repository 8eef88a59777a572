package chrome_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/chrome"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, chrome.Output, "testdata") }

// event is one of the list, with the members that its phase wants.
type event struct {
	Ph, Name, Cat, Bp string
	Pid, Tid          int
	Ts, Dur           *int64
	ID                int
	Args              struct {
		Name, ID   string
		Unfinished bool
	}
}

// TestEvents: each point is a complete event on a thread that has a name, what shares a
// thread nests, and arrows come in pairs.
func TestEvents(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		var out bytes.Buffer
		if err := chrome.Write(&out, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		var f struct{ TraceEvents []event }
		if err := json.Unmarshal(out.Bytes(), &f); err != nil {
			t.Fatalf("%s: %v", trace.Name, err)
		}
		named, drawn, arrows, unfinished := map[[2]int]bool{}, 0, map[int]int{}, 0
		lanes := map[[2]int][]event{}
		for _, e := range f.TraceEvents {
			where := [2]int{e.Pid, e.Tid}
			switch e.Ph {
			case "M":
				if e.Name == "thread_name" {
					named[where] = true
				}
				if e.Args.Name == "" {
					t.Errorf("%s: %+v", trace.Name, e)
				}
			case "X":
				drawn++
				if e.Args.Unfinished {
					unfinished++
				}
				if e.Ts == nil || e.Dur == nil || *e.Ts < 0 || *e.Dur < 0 || !named[where] || e.Name == "" || e.Cat == "" {
					t.Fatalf("%s: %+v", trace.Name, e)
				}
				for _, other := range lanes[where] {
					from, to := max(*e.Ts, *other.Ts), min(*e.Ts+*e.Dur, *other.Ts+*other.Dur)
					within := *e.Ts >= *other.Ts && *e.Ts+*e.Dur <= *other.Ts+*other.Dur
					around := *other.Ts >= *e.Ts && *other.Ts+*other.Dur <= *e.Ts+*e.Dur
					if from < to && !within && !around {
						t.Errorf("%s: %s and %s overlap on thread %d", trace.Name, e.Name, other.Name, e.Tid)
					}
				}
				lanes[where] = append(lanes[where], e)
			case "s":
				arrows[e.ID]++
			case "f":
				arrows[e.ID] += 100
			}
		}
		if drawn != r.Len() || unfinished != r.Unfinished() {
			t.Errorf("%s: %d events of %d points, %d of %d unfinished", trace.Name, drawn, r.Len(), unfinished, r.Unfinished())
		}
		for id, n := range arrows {
			if n != 101 {
				t.Errorf("%s: arrow %d has no two ends", trace.Name, id)
			}
		}
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"sku":7}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.120000","service":"shop","info":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := chrome.Write(os.Stdout, r, report.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"displayTimeUnit":"ms","otherData":{"trace":"t","began":"2026-11-21T12:00:00.000000Z"},
	// "traceEvents":[
	// {"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"shop"}},
	// {"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"lane 1"}},
	// {"ph":"X","name":"job","cat":"point","pid":1,"tid":1,"ts":0,"dur":120000,"args":{"id":"1","parent":"t","self_us":120000,"start":{"sku":7},"stop":{}}}
	// ]}
}
