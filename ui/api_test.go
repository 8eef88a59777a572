package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
)

// TestAnswers: the API's answers are the documents.
func TestAnswers(t *testing.T) {
	store := recordedStore(t)
	h := New(store, Options{})
	r, err := report.Build(store.Records(t.Context(), shopTrace))
	if err != nil {
		t.Fatal(err)
	}
	var whole, found, point bytes.Buffer
	if err := errors.Join(document.Write(&whole, r, report.Options{}), document.WriteFindings(&found, r, report.Options{}), document.WritePoint(&point, r, "00000004", report.Options{})); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/api/v1/traces/" + shopTrace:                             whole.String(),
		"/api/v1/traces/4f1c0f3e":                                 whole.String(),
		"/api/v1/traces/4f1c0f3e/findings":                        found.String(),
		"/api/v1/traces/" + shopTrace + "/points/00000004":        point.String(),
		"/api/v1/traces/" + shopTrace + "/points/00000004%2D0000": point.String(),
	} {
		if got := get(t, h, target); got.status != 200 || got.body != want || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s, want %s", target, got.status, got.body, want)
		}
	}
	if got := do(t, h, http.MethodPost, "/api/v1/file", whole.String()); got.status != 200 || !strings.Contains(got.body, `"trace": "`+shopTrace) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestList: pages are linked, and what is looked for is found.
func TestList(t *testing.T) {
	h := New(recordedStore(t), Options{})
	ids := func(target string) (ids []string, links string) {
		t.Helper()
		got := get(t, h, target)
		var doc struct{ Traces []struct{ Trace string } }
		if err := json.Unmarshal([]byte(got.body), &doc); err != nil || got.status != 200 {
			t.Fatalf("%s: %v, %d %s", target, err, got.status, got.body)
		}
		for _, tr := range doc.Traces {
			ids = append(ids, tr.Trace)
		}
		return ids, strings.Join(got.header.Values("Link"), ", ")
	}
	all, links := ids("/api/v1/traces")
	if len(all) < 2 || links != "" {
		t.Fatalf("%q, links %q", all, links)
	}
	var paged []string
	target := "/api/v1/traces?limit=1&error-trace=false"
	for target != "" && len(paged) <= len(all) {
		page, links := ids(target)
		paged = append(paged, page...)
		target = ""
		if next := regexp.MustCompile(`<([^>]*)>; rel="next"`).FindStringSubmatch(links); next != nil {
			target = next[1]
		}
		if len(paged) == 2 {
			back := regexp.MustCompile(`<([^>]*)>; rel="prev"`).FindStringSubmatch(links)
			if back == nil {
				t.Fatalf("no way back: %q", links)
			}
			if page, _ := ids(back[1]); len(page) != 1 || page[0] != all[0] {
				t.Errorf("the page before is %q", page)
			}
		}
	}
	if strings.Join(paged, " ") != strings.Join(all, " ") {
		t.Errorf("page by page %q, at once %q", paged, all)
	}
	for query, want := range map[string]int{"search=/ORDERS": 2, "search=4f1c": 1, "search=worker": 2, "search=none+such": 0, "min-duration=1h": 0, "service=bank": 2, "error-trace=true&service=shop": 2, "sort=duration": len(all)} {
		if got, _ := ids("/api/v1/traces?" + query); len(got) != want {
			t.Errorf("%s: %q, want %d", query, got, want)
		}
	}
}

// broken is a store that fails, or cannot list.
type broken struct{ err error }

func (b broken) Notify(context.Context, []record.Event) error { return nil }
func (b broken) Close() error                                 { return nil }
func (b broken) Records(context.Context, string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) { yield(record.Record{}, b.err) }
}

// brokenList is a store that fails when it lists, too.
type brokenList struct{ broken }

func (b brokenList) Traces(context.Context, drivers.Query) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) { yield(drivers.Trace{}, b.err) }
}

// TestProblems: what is wrong is said, with the status of who is to blame.
func TestProblems(t *testing.T) {
	fine := New(recordedStore(t), Options{})
	dead := New(drivers.NewStore("redis://user:secret@dead/0?password=secret", brokenList{broken{errors.New("no answer\x1b[31m")}}), Options{})
	blind := New(drivers.NewStore("otlp://user:secret@x", broken{errors.New("broken")}), Options{})
	for _, tt := range []struct {
		h      http.Handler
		target string
		status int
		want   string
	}{
		{fine, "/api/v1/nothing", 404, "there is nothing here"},
		{fine, "/api/v1/traces/none", 404, "trace none not found in file://"},
		{fine, "/api/v1/traces/..%2F..%2Fetc", 404, "trace ../../etc not found"},
		{fine, "/api/v1/traces/none/findings", 404, "not found"},
		{fine, "/api/v1/traces/last/points/none", 404, "no point of the trace has an id"},
		{fine, "/api/v1/traces/last/points/0", 404, "points have ids that begin with"},
		{fine, "/api/v1/traces?limit=0", 400, `limit: "0" is no number from 1 to 500`},
		{fine, "/api/v1/traces?limit=501", 400, `limit`},
		{fine, "/api/v1/traces?limit=1&limit=2", 400, `limit: is given twice`},
		{fine, "/api/v1/traces?since=soon", 400, `since: "soon" is neither a duration`},
		{fine, "/api/v1/traces?page-before=x", 400, `page-before: this is not a place`},
		{fine, "/api/v1/traces?error-trace=1", 400, `error-trace: "1" is neither true nor false`},
		{fine, "/api/v1/traces?min-duration=-1s", 400, `min-duration`},
		{fine, "/api/v1/traces?sort=name", 400, `sort: "name" is none of`},
		{fine, "/api/v1/traces?bogus=1", 400, `there is no parameter "bogus" here`},
		{fine, "/api/v1/traces?%zz", 400, `invalid URL escape`},
		{fine, "/api/v1/traces/last?x=1", 400, `there is no parameter "x" here`},
		{fine, "/api/v1/diff?a=last", 400, `b: is missing`},
		{fine, "/api/v1/diff?a=last&b=none", 404, `trace none not found`},
		{fine, "/api/v1/stats?name=none", 404, `such traces were not found`},
		{fine, "/api/v1/tail?sort=began", 400, `there is no parameter "sort" here`},
		{dead, "/api/v1/traces", 502, `redis://user:***@dead/0`},
		{dead, "/api/v1/traces/last", 502, `no answer`},
		{dead, "/api/v1/stats", 502, `no answer`},
		{blind, "/api/v1/traces", 501, `list otlp://`},
		{blind, "/api/v1/tail", 501, `list otlp://`},
	} {
		got := get(t, tt.h, tt.target)
		var p problem
		if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != tt.status || p.Status != tt.status || !strings.Contains(p.Detail, tt.want) ||
			got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %v, %d %s, want %d %q", tt.target, err, got.status, got.body, tt.status, tt.want)
		}
		if strings.Contains(got.body, "secret") || strings.Contains(got.body, "\x1b") || strings.Contains(got.body, `u001b`) {
			t.Errorf("%s: %s", tt.target, got.body)
		}
		checkHeaders(t, tt.target, got)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if got := do(t, fine, method, "/api/v1/traces", ""); got.status != 405 {
			t.Errorf("%s: %d", method, got.status)
		}
	}
}

// TestFile: what is dropped is read, or what is wrong with it is said.
func TestFile(t *testing.T) {
	h := New(open(t, "memory://"), Options{})
	if got := do(t, h, http.MethodPost, "/api/v1/file", `{"name":"a-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{}}`); got.status != 200 || !strings.Contains(got.body, `"name":"a"`) {
		t.Errorf("%+v", got)
	}
	for body, status := range map[string]int{"": 422, "no\x1b[31m trace": 422, "[]": 422, strings.Repeat(" ", mostPosted+1): 413} {
		got := do(t, h, http.MethodPost, "/api/v1/file", body)
		if got.status != status || strings.Contains(got.body, "\x1b") {
			t.Errorf("%d bytes: %d %s, want %d", len(body), got.status, got.body, status)
		}
	}
}

// TestSecrets: the password of the store's URL is nowhere.
func TestSecrets(t *testing.T) {
	h := New(drivers.NewStore("redis://user:secret@host/0?password=secret", brokenList{}), Options{})
	got := get(t, h, "/api/v1/store")
	if got.status != 200 || strings.Contains(got.body, "secret") || !strings.Contains(got.body, `"redis://user:***@host/0`) || !strings.Contains(got.body, `"lists":true`) {
		t.Errorf("%+v", got)
	}
}

// TestPages: pages are HTML into which nothing of the request gets.
func TestPages(t *testing.T) {
	h := New(recordedStore(t), Options{})
	for _, target := range []string{"/", "/stats", "/traces/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/diff?a=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&b=b"} {
		got := get(t, h, target)
		if got.status != 200 || got.body != shell || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %+v", target, got)
		}
		checkHeaders(t, target, got)
	}
	for _, target := range []string{"/ui.js", "/ui.css"} {
		if got := get(t, h, target); got.status != 200 || got.body == "" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/") {
			t.Errorf("%s: %d", target, got.status)
		}
	}
}
