package profiler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/record"
)

// twoSinks is a closed Service with two sinks of the same name, one of which rejects
// everything.
func twoSinks(t *testing.T) *profiler.Service {
	reject := &store{before: func(_ context.Context, events []record.Event) error {
		var all []int
		for i := range events {
			all = append(all, i)
		}
		return &record.RejectedError{Indexes: all, Err: errSink}
	}}
	s := newService(t, &store{}, func(c *profiler.Config) { c.More = []profiler.Destination{{Sink: reject}} })
	_, p := s.Begin(context.Background(), profiler.Opening{Name: "job"})
	p.Stop()
	s.Receive(context.Background(), atServer, profilertest.Headers{header.InfoName: "e30=", header.HMACName: strings.Repeat("0", 40)})
	mustClose(t, s)
	return s
}

var (
	metaLine   = regexp.MustCompile(`^# (HELP|TYPE) ([a-z_]+) (\S.*)$`)
	sampleLine = regexp.MustCompile(`^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\d+)$`)
)

// parseMetrics reads a page more strictly than Prometheus: a family is its HELP, its
// TYPE and its samples, in one piece; a counter's name ends in _total, and no series
// comes twice.
func parseMetrics(t *testing.T, page string) map[string]uint64 {
	t.Helper()
	series, family, kind := map[string]uint64{}, "", ""
	known := map[string]bool{}
	lines := strings.SplitAfter(page, "\n")
	if lines[len(lines)-1] != "" {
		t.Error("the last line does not end")
	}
	for _, line := range lines[:len(lines)-1] {
		line = strings.TrimSuffix(line, "\n")
		if m := metaLine.FindStringSubmatch(line); m != nil {
			switch {
			case m[1] == "HELP" && !known[m[2]]:
				family, kind, known[m[2]] = m[2], "", true
			case m[1] == "TYPE" && m[2] == family && kind == "" && (m[3] == "counter" && strings.HasSuffix(family, "_total") || m[3] == "gauge"):
				kind = m[3]
			default:
				t.Errorf("unexpected: %s", line)
			}
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil || m[1] != family || kind == "" || strings.HasSuffix(m[2], ",") {
			t.Errorf("not a sample of %s: %s", family, line)
			continue
		}
		name := strings.TrimSuffix(line, " "+m[3])
		if _, twice := series[name]; twice {
			t.Errorf("twice: %s", name)
		}
		series[name], _ = strconv.ParseUint(m[3], 10, 64)
	}
	return series
}

func TestWriteMetrics(t *testing.T) {
	var page bytes.Buffer
	s := twoSinks(t)
	if err := s.WriteMetrics(&page); err != nil {
		t.Fatal(err)
	}
	got := parseMetrics(t, page.String())
	for name, want := range map[string]uint64{
		`sonde_traces_total`: 1,
		`sonde_requests_refused_total{reason="unknown_key"}`:                                          1,
		`sonde_requests_refused_total{reason="too_many_traces"}`:                                      0,
		`sonde_recorded_total{sink="*profiler_test.store"}`:                                           2,
		`sonde_recorded_total{sink="*profiler_test.store (2)"}`:                                       s.Stats().Sinks[1].Recorded,
		`sonde_records_total{sink="*profiler_test.store",outcome="acknowledged"}`:                     2,
		`sonde_records_total{sink="*profiler_test.store (2)",outcome="dropped",reason="rejected"}`:    s.Stats().Sinks[1].Dropped.Rejected,
		`sonde_records_total{sink="*profiler_test.store",outcome="dropped",reason="rejected"}`:        0,
		`sonde_records_waiting{sink="*profiler_test.store"}`:                                          0,
		`sonde_points_total{sink="*profiler_test.store",phase="start"}`:                               1,
		`sonde_records_total{sink="*profiler_test.store (2)",outcome="dropped",reason="queue_full"}`:  0,
		`sonde_records_total{sink="*profiler_test.store (2)",outcome="dropped",reason="undelivered"}`: 0,
		`sonde_records_total{sink="*profiler_test.store (2)",outcome="dropped",reason="closed"}`:      0,
		`sonde_records_total{sink="*profiler_test.store (2)",outcome="unconfirmed"}`:                  0,
		`sonde_points_left_out_total`:                                                                 0,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s is %d (%v), want %d\n%s", name, n, ok, want, page.String())
		}
	}
	if s.Stats().Sinks[1].Dropped.Rejected < 2 {
		t.Error("the test rejects nothing")
	}
}

// named is a store of which the name has all that has to be escaped.
type named struct{ store }

func (*named) URL() string { return "a\\b \"c\"\nd\xff" }

func TestWriteMetricsEscapes(t *testing.T) {
	for name, s := range map[string]*profiler.Service{"nil": nil, "hostile": newService(t, &named{})} {
		var page bytes.Buffer
		if err := s.WriteMetrics(&page); err != nil {
			t.Fatal(err)
		}
		got := parseMetrics(t, page.String())
		if _, ok := got["sonde_traces_total"]; !ok {
			t.Errorf("%s: %s", name, page.String())
		}
		if _, ok := got[`sonde_records_waiting{sink="a\\b \"c\"\nd`+"\ufffd"+`"}`]; ok != (name == "hostile") {
			t.Errorf("%s: %s", name, page.String())
		}
	}
}

func TestStatsJSON(t *testing.T) {
	s := twoSinks(t)
	v := expvar.Func(func() any { return s.Stats() })
	var got struct {
		Traces, Recorded uint64
		Refused          map[string]uint64
		Sinks            []struct {
			Sink         string
			Acknowledged uint64
		}
	}
	if err := json.Unmarshal([]byte(v.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Traces != 1 || got.Recorded != s.Stats().Recorded || len(got.Refused) != 1 || got.Refused["unknown_key"] != 1 || len(got.Sinks) != 2 || got.Sinks[0].Acknowledged != 2 {
		t.Errorf("%s", v)
	}
}

func ExampleService_WriteMetrics() {
	svc := silent()
	defer svc.Close(context.Background())

	metrics := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", profiler.MetricsType)
		if err := svc.WriteMetrics(w); err != nil {
			log.Print(err)
		}
	}

	answer := httptest.NewRecorder()
	metrics(answer, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Println(strings.SplitAfterN(answer.Body.String(), "\n", 4)[:3])
	// Output:
	// [# HELP sonde_traces_total Traces that the service has joined or begun.
	//  # TYPE sonde_traces_total counter
	//  sonde_traces_total 0
	// ]
}

func ExampleService_SetEnabled() {
	svc := silent()
	defer svc.Close(context.Background())

	svc.SetEnabled(false)
	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "job"})
	fmt.Println(p.Active())
	// Output: false
}

func ExampleService_CloseOnSignal() {
	svc := silent()
	svc.CloseOnSignal()
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}
