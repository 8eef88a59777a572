package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

func drain(t *testing.T, d *drivers.Store, base string) (records []record.Record) {
	t.Helper()
	for r, err := range d.Records(t.Context(), base) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r.Clone())
	}
	return records
}

// TestRequests holds what is sent to each version.
func TestRequests(t *testing.T) {
	mapping := func(fields string) string { return `{"mappings":` + fields + `}` }
	typeless := []string{
		"PUT /osprofiler-notifications " + mapping("{"+recordFields+"}"),
		"PUT /osprofiler-notifications-error " + mapping("{"+errorFields+"}"),
		"POST /osprofiler-notifications/_bulk", "POST /osprofiler-notifications-error/_bulk",
	}
	typedCreate := slices.Clone(typeless)
	typedCreate[0] = "PUT /osprofiler-notifications?include_type_name=true " + mapping(`{"notification":{`+recordFields+"}}")
	typedCreate[1] = "PUT /osprofiler-notifications-error?include_type_name=true " + mapping(`{"notification":{`+errorFields+"}}")
	typed := []string{
		"PUT /osprofiler-notifications " + mapping(`{"notification":{`+recordFields+"}}"),
		"PUT /osprofiler-notifications-error " + mapping(`{"notification":{`+errorFields+"}}"),
		"POST /osprofiler-notifications/notification/_bulk", "POST /osprofiler-notifications-error/notification/_bulk",
	}
	for version, want := range map[string][]string{
		"5.6.16": typed, "6.8.23": typed, "7.17.9": typedCreate, "8.15.0": typeless, "9.1.0": typeless,
		"opensearch 1.3.20": typedCreate, "opensearch 2.11.0": typeless, "opensearch 3.1.0": typeless,
	} {
		t.Run(version, func(t *testing.T) {
			f := newFake(t, version)
			d := openURL(t, f.url(), drivers.Options{FilterErrorTrace: true})
			events := drivertest.Trace(2, 0)
			base := events[0].Trace().String()
			events[1].Change(func(f *record.Fields) { f.Info = []byte(`{"etype":"X","host":"h"}`) })
			if err := d.Notify(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			bulk := want[2]
			for i := range events {
				bulk += ` {"index":{"_id":"` + string(recordID(nil, &events[i])) + "\"}}\n" + string(events[i].AppendJSON(nil)) + "\n"
			}
			bulk = strings.ReplaceAll(strings.TrimSpace(bulk), "\n ", "\n")
			stamp := string(record.AppendTimestamp(nil, events[1].Time()))
			note := want[3] + ` {"index":{"_id":"` + base + "\"}}\n" + `{"base_id":"` + base + `","timestamp":"` + stamp + `"}`
			all := []string{"GET /", "HEAD /osprofiler-notifications", want[0], "HEAD /osprofiler-notifications-error", want[1], bulk, note}
			check(t, f.take(), all)

			// Another driver finds the indexes.
			d = openURL(t, f.url(), drivers.Options{FilterErrorTrace: true})
			if err := d.Notify(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			if err := d.Notify(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			check(t, f.take(), []string{"GET /", "HEAD /osprofiler-notifications", "HEAD /osprofiler-notifications-error", bulk, note, bulk, note})

			if n := len(drain(t, d, base)); n != 2 {
				t.Errorf("%d records, want 2", n)
			}
			check(t, f.take(), []string{
				`POST /osprofiler-notifications/_search?scroll=2m&size=10000 {"query":{"bool":{"should":[{"term":{"base_id":"` + base +
					`"}},{"match_phrase":{"base_id":"` + base + `"}}]}},"sort":[{"timestamp":{"order":"asc","unmapped_type":"date"}},"_doc"]}`,
				`POST /_search/scroll {"scroll":"2m","scroll_id":"scroll-1"}`,
				`DELETE /_search/scroll {"scroll_id":"scroll-1"}`,
			})
		})
	}
}

func check(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("requests:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestOptions(t *testing.T) {
	f := newFake(t, "6.8.23")
	d := openURL(t, f.url()+"?doc_type=my/type&scroll_size=3", drivers.Options{Params: map[string]string{"scroll_time": "90s", "scroll_size": "4"}})
	events := drivertest.Trace(8, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := len(drain(t, d, events[0].Trace().String())); n != 8 {
		t.Errorf("%d records, want 8", n)
	}
	all := strings.Join(f.take(), "\n")
	for _, want := range []string{`{"mappings":{"my/type":`, "/my%2Ftype/_bulk", "_search?scroll=90000ms&size=3 "} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if n := strings.Count(all, "POST /_search/scroll "); n != 3 {
		t.Errorf("%d further pages, want 3", n)
	}
}

type golden struct {
	Notify []struct{ Target, Body string } `json:"notify_requests"`
	Input  []struct {
		Payload struct {
			Info json.RawMessage
		}
	}
	Reports map[string]struct{ Report json.RawMessage }
}

// TestGolden gives the stand-in the documents that OSProfiler sent to
// Elasticsearch and makes its reports of them.
func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/elasticsearch.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	f := newFake(t, "7.17.9")
	errorBases := map[string]bool{}
	for i, r := range g.Notify {
		index, kind, _ := strings.Cut(strings.TrimPrefix(r.Target, "/"), "/")
		status, why := f.apply(&fakeMeta{Index: index, Type: kind, ID: "golden" + string(rune('a'+i))}, []byte(r.Body))
		if status != 201 {
			t.Fatal(status, why)
		}
		if index == errorIndex {
			base, _ := jsontext.Text(jsontext.Get([]byte(r.Body), "base_id"))
			errorBases[base] = true
		}
	}
	if len(g.Notify) != 29 || len(g.Reports) != 4 {
		t.Fatalf("%d requests, %d reports", len(g.Notify), len(g.Reports))
	}
	d := openURL(t, f.url(), drivers.Options{})
	for base, want := range g.Reports {
		r, err := report.Build(d.Records(t.Context(), base))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := r.WriteOSProfiler(&got); err != nil {
			t.Fatal(err)
		}
		if want := string(jsontext.AppendIndent(nil, want.Report, 0)); got.String() != want {
			t.Errorf("%s is\n%s\nwant\n%s", base, got.String(), want)
		}
	}
	listed := 0
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		listed++
		if _, ok := g.Reports[tr.ID]; !ok || tr.Failed != errorBases[tr.ID] || tr.Service != "osapi_compute" {
			t.Errorf("listed: %+v", tr)
		}
	}
	if listed != len(g.Reports) {
		t.Errorf("%d traces listed, want %d", listed, len(g.Reports))
	}
}

// TestOtherTracesMatch: where base_id is analysed text, a query finds ids that
// hold the same words.
func TestOtherTracesMatch(t *testing.T) {
	f := newFake(t, "8.15.0")
	for i, base := range []string{"a-b", "A-B", "a.b", "x-a-b", "a-b-", "b-a"} {
		f.apply(&fakeMeta{Index: recordIndex, ID: string(rune('0' + i))},
			[]byte(`{"name":"n-start","base_id":"`+base+`","trace_id":"t","info":{},"timestamp":"2026-01-02T03:04:05.000006"}`))
	}
	d := openURL(t, f.url(), drivers.Options{})
	if records := drain(t, d, "a-b"); len(records) != 1 || records[0].Trace != "a-b" {
		t.Errorf("records of a-b: %+v", records)
	}
	if err := d.Delete(t.Context(), "a-b"); err != nil {
		t.Fatal(err)
	}
	if n := len(f.indexes[recordIndex].ids); n != 5 {
		t.Errorf("%d documents are left, want 5", n)
	}
}

// TestRefused: what a bulk request says of single documents.
func TestRefused(t *testing.T) {
	f := newFake(t, "8.15.0")
	d := openURL(t, f.url(), drivers.Options{FilterErrorTrace: true})
	events := drivertest.Trace(6, 0)
	events[1].Change(func(f *record.Fields) { f.Info = []byte(`{"bad":400,"etype":"X","host":"h"}`) })
	events[4].Change(func(f *record.Fields) { f.Info = []byte(`{"bad":400,"host":"h"}`) })
	f.refuseOf = func(doc []byte) (int, string) {
		if string(jsontext.Get(doc, "info", "bad")) == "400" {
			return 400, "object mapping for [info.bad] tried to parse\nfield as object"
		}
		return 0, ""
	}
	var refused *record.RejectedError
	err := d.Notify(t.Context(), events)
	if !errors.As(err, &refused) || !slices.Equal(refused.Indexes, []int{1, 4}) || !strings.Contains(err.Error(), "info.bad") {
		t.Errorf("Notify: %v", err)
	}
	oneLine(t, err)
	if n := len(drain(t, d, events[0].Trace().String())); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
	if f.indexes[errorIndex] != nil && len(f.indexes[errorIndex].ids) > 0 {
		t.Error("a refused record's error was filed")
	}

	// A document that may be taken later makes the whole batch be sent again.
	busy := drivertest.Trace(3, 0)
	for _, status := range []int{429, 503, 403, 500} {
		f.refuseOf = func(doc []byte) (int, string) {
			if strings.Contains(string(doc), busy[2].Point().String()) {
				return status, "rejected execution"
			}
			return 0, ""
		}
		err = d.Notify(t.Context(), busy)
		if err == nil || errors.As(err, &refused) || errors.Is(err, record.ErrNotSent) {
			t.Errorf("%d for one document: %v", status, err)
		}
		oneLine(t, err)
	}
}

// TestStatus: what becomes of a batch that is refused as a whole.
func TestStatus(t *testing.T) {
	for status, notSent := range map[int]bool{429: true, 403: true, 401: true, 500: false, 502: false, 503: false, 504: false, 302: false} {
		f := newFake(t, "8.15.0")
		d := openURL(t, f.url(), drivers.Options{})
		events := drivertest.Trace(4, 0)
		f.refuse = func(r *http.Request, _ []byte) int {
			if strings.HasSuffix(r.URL.Path, "_bulk") {
				return status
			}
			return 0
		}
		err := d.Notify(t.Context(), events)
		oneLine(t, err)
		if got := errors.Is(err, record.ErrNotSent); got != notSent {
			t.Errorf("%d: ErrNotSent is %t: %v", status, got, err)
		}
		f.refuse = nil
		if err := d.Notify(t.Context(), events); err != nil {
			t.Errorf("after %d: %v", status, err)
		}
		if n := len(drain(t, d, events[0].Trace().String())); n != 4 {
			t.Errorf("after %d: %d records, want 4", status, n)
		}
	}
}

// TestTooLarge: a server that takes little at once.
func TestTooLarge(t *testing.T) {
	f := newFake(t, "8.15.0")
	f.refuse = func(r *http.Request, body []byte) int {
		if len(body) > 2000 {
			return 413
		}
		return 0
	}
	d := openURL(t, f.url(), drivers.Options{})
	events := drivertest.Trace(40, 0)
	events[7].Change(func(f *record.Fields) { f.Info = drivertest.Info(strings.Repeat("x", 3000)) })
	err := d.Notify(t.Context(), events)
	var refused *record.RejectedError
	if !errors.As(err, &refused) || !slices.Equal(refused.Indexes, []int{7}) {
		t.Errorf("Notify: %v", err)
	}
	if n := len(drain(t, d, events[0].Trace().String())); n != 39 {
		t.Errorf("%d records, want 39", n)
	}
}

// TestManyBodies: a batch that is sent in parts.
func TestManyBodies(t *testing.T) {
	f := newFake(t, "8.15.0")
	d := openURL(t, f.url(), drivers.Options{})
	events := drivertest.Trace(30, 0)
	for i := range events {
		events[i].Change(func(f *record.Fields) { f.Info = drivertest.Info(strings.Repeat("x", maxBody/10)) })
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := len(drain(t, d, events[0].Trace().String())); n != 30 {
		t.Errorf("%d records, want 30", n)
	}
	bulks := 0
	for _, r := range f.take() {
		if strings.HasPrefix(r, "POST /osprofiler-notifications/_bulk") {
			bulks++
			if len(r) > maxBody+100 {
				t.Errorf("a body of %d bytes", len(r))
			}
		}
	}
	if bulks != 4 {
		t.Errorf("%d bulk requests, want 4", bulks)
	}

	// The second part fails: the first has been sent.
	parts := 0
	f.refuse = func(r *http.Request, _ []byte) int {
		if strings.HasSuffix(r.URL.Path, "_bulk") {
			if parts++; parts == 2 {
				return 429
			}
		}
		return 0
	}
	if err := d.Notify(t.Context(), events); err == nil || errors.Is(err, record.ErrNotSent) {
		t.Errorf("Notify whose second part is refused: %v", err)
	}
}

// TestNoPermission: a user who may write and not make indexes.
func TestNoPermission(t *testing.T) {
	f := newFake(t, "8.15.0")
	f.refuse = func(r *http.Request, _ []byte) int {
		if r.Method == "PUT" || strings.HasSuffix(r.URL.Path, "_refresh") {
			return 403
		}
		return 0
	}
	var log bytes.Buffer
	d := openURL(t, f.url(), drivers.Options{Logger: logTo(&log)})
	events := drivertest.Trace(4, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := len(drain(t, d, events[0].Trace().String())); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
	if err := d.Delete(t.Context(), events[0].Trace().String()); err != nil {
		t.Error(err)
	}
	if strings.Count(log.String(), "cannot create an index") != 1 {
		t.Errorf("logged:\n%s", log.String())
	}
}
