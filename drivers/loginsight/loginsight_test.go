package loginsight

import (
	"encoding/json"
	"errors"
	"fmt"
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
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t testing.TB, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestConformance(t *testing.T) {
	var f *fake
	drivertest.Run(t, drivertest.Harness{
		Driver: "loginsight",
		Server: "a stand-in for Log Insight",
		TLS:    true,
		New: func(t *testing.T) func() *drivers.Store {
			f = newFake(t)
			return func() *drivers.Store { return openURL(t, f.url()) }
		},
		Corrupt: func(_ *testing.T, base, raw string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.events = append(f.events, fakeEvent{Fields: []fakeField{{"base_id", base}, {"trace", raw}}})
		},
		HoldsAll: true,
		Lacks:    []drivers.Op{drivers.List, drivers.ListErrors, drivers.Delete, drivers.Prune},
	})
}

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

type golden struct {
	Notify []struct{ Target, Body string } `json:"notify_requests"`
	Query  []struct{ Target string }       `json:"report_requests"`
	Input  []struct {
		Payload json.RawMessage
	}
	Reports map[string]struct{ Report json.RawMessage }
}

func loadGolden(t *testing.T) (g golden) {
	t.Helper()
	b, err := os.ReadFile("testdata/loginsight.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Input) != 26 || len(g.Notify) != 27 || len(g.Reports) != 4 {
		t.Fatalf("%d inputs, %d requests, %d reports", len(g.Input), len(g.Notify), len(g.Reports))
	}
	return g
}

// TestGoldenReports replays the events that OSProfiler sent and makes its
// reports of them, with its queries.
func TestGoldenReports(t *testing.T) {
	g := loadGolden(t)
	f := newFake(t)
	for _, r := range g.Notify {
		if r.Target == ingestPath {
			if status, _ := f.ingest(r.Body); status != 200 {
				t.Fatalf("the stand-in does not take what OSProfiler sent: %s", r.Body)
			}
		}
	}
	d := openURL(t, f.url())
	for base, want := range g.Reports {
		r, err := report.Build(d.Records(t.Context(), base))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := r.WriteOSProfiler(&got); err != nil {
			t.Fatal(err)
		}
		if want := string(jsontext.AppendIndent(nil, want.Report, 0)); got.String() != want {
			t.Errorf("%s is\n%s\nwant\n%s", base, got.String(), want)
		}
	}
	sent := strings.Join(f.take(), "\n")
	for _, q := range g.Query {
		// OSProfiler gives a query a minute.
		target := strings.Replace(q.Target, "timeout=60000", "timeout=10000", 1)
		if strings.HasPrefix(target, "/api/v1/events/") && !strings.Contains(sent, "GET "+target) {
			t.Errorf("no request for %s", target)
		}
	}
}

// TestGoldenEvents holds what is sent for an event against what OSProfiler
// sent.
func TestGoldenEvents(t *testing.T) {
	g := loadGolden(t)
	f := newFake(t)
	d := openURL(t, f.url())
	e := drivertest.Trace(1, 0)[0]
	if err := d.Notify(t.Context(), []record.Event{e}); err != nil {
		t.Fatal(err)
	}
	requests := f.take()
	if len(requests) != 1 {
		t.Fatalf("requests: %q", requests)
	}
	body, ok := strings.CutPrefix(requests[0], "POST "+g.Notify[1].Target+" ")
	if !ok {
		t.Fatalf("%s is not %s", requests[0], g.Notify[1].Target)
	}
	if got, want := shape(t, body), shape(t, g.Notify[1].Body); got != want {
		t.Errorf("sent %s, OSProfiler %s", got, want)
	}
	fields := f.events[0].Fields
	for i, want := range []string{e.Trace().String(), e.Point().String(), "shop", "checkout", "http-start", string(e.AppendJSON(nil))} {
		if fields[i].Content != want {
			t.Errorf("field %s is %q, want %q", fields[i].Name, fields[i].Content, want)
		}
	}
}

// shape is the body of events without the contents of the fields.
func shape(t *testing.T, body string) string {
	t.Helper()
	var request struct{ Events []fakeEvent }
	if err := strict(body, &request); err != nil {
		t.Fatal(err)
	}
	for _, e := range request.Events {
		for i := range e.Fields {
			e.Fields[i].Content = ""
		}
	}
	return fmt.Sprintf("%+v", request)
}

func TestSession(t *testing.T) {
	f := newFake(t)
	d := openURL(t, f.url())
	const login = `POST /api/v1/sessions {"username":"osprofiler","password":"hunter2:@/ x"}`
	const ping = "GET /api/v1/sessions/current"
	check := func(what string, want ...string) {
		t.Helper()
		if err := d.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := f.take(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	check("first", login, ping)
	check("second", ping)
	f.mu.Lock()
	clear(f.sessions)
	f.mu.Unlock()
	check("after the session's end", ping, login, ping)
	check("then", ping)

	f.private = true
	f.sessions = map[string]bool{}
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Errorf("Notify to a server that wants a session: %v", err)
	}
	if len(f.events) != 2 {
		t.Errorf("%d events", len(f.events))
	}
}

func TestRefused(t *testing.T) {
	f := newFake(t)
	d := openURL(t, f.url())
	events := drivertest.Trace(20, 0)
	events[3].Change(func(f *record.Fields) { f.Info = drivertest.Info("refuse this") })
	events[19].Change(func(f *record.Fields) { f.Info = drivertest.Info("refuse this") }) // not hexadecimal, as the ids are
	f.refuse = func(_ *http.Request, body string) int {
		if strings.Contains(body, "refuse this") {
			return 400
		}
		return 0
	}
	err := d.Notify(t.Context(), events)
	oneLine(t, err)
	var refused *record.RejectedError
	if !errors.As(err, &refused) || !slices.Equal(refused.Indexes, []int{3, 19}) {
		t.Errorf("Notify: %v", err)
	}
	if len(f.events) != 18 {
		t.Errorf("%d events, want 18", len(f.events))
	}
	for status, notSent := range map[int]bool{429: true, 403: true, 500: false, 503: false} {
		f.refuse = func(*http.Request, string) int { return status }
		err := d.Notify(t.Context(), events)
		oneLine(t, err)
		if errors.As(err, &refused) || errors.Is(err, record.ErrNotSent) != notSent {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestLimits: as many events and bytes at once as the server takes, which the
// stand-in checks.
func TestLimits(t *testing.T) {
	f := newFake(t)
	d := openURL(t, f.url())
	small, big := drivertest.Trace(1200, 0), drivertest.Trace(60, 0)
	for i := range big {
		big[i].Change(func(f *record.Fields) { f.Info = drivertest.Info(strings.Repeat("x", 200000)) })
	}
	for _, events := range [][]record.Event{small, big} {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		if n := len(drain(t, d, events[0].Trace().String())); n != len(events) {
			t.Errorf("%d records, want %d", n, len(events))
		}
	}
	parts := 0
	f.refuse = func(*http.Request, string) int {
		if parts++; parts == 2 {
			return 429
		}
		return 0
	}
	if err := d.Notify(t.Context(), small); err == nil || errors.Is(err, record.ErrNotSent) {
		t.Errorf("Notify whose second part is refused: %v", err)
	}
}

func TestIncomplete(t *testing.T) {
	f := newFake(t)
	d := openURL(t, f.url())
	events := drivertest.Trace(4, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	f.complete = false
	n := 0
	var last error
	for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
		if last = err; err == nil {
			n++
		}
	}
	if n != 4 || last == nil {
		t.Errorf("%d records, then %v", n, last)
	}
}
