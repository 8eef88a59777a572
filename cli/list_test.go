package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// The traces of listStore, the oldest first.
const (
	cartTrace    = "c0000000-1111-4111-8111-000000000001"
	brokenTrace  = "b0000000-1111-4111-8111-000000000002"
	endlessTrace = "b0000000-2222-4111-8111-000000000003"
	evilTrace    = "e0000000-1111-4111-8111-000000000004"
	twoEnds      = "job-2026-01-02"
)

// listed are the traces of listStore: all that a list tells of one.
func listedEvents(t *testing.T) (events []record.Event) {
	t.Helper()
	id := func(s string) header.ID {
		id, err := header.ParseID(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	began := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	point := func(base, name, service string, at, took time.Duration, start, stop string) {
		f := record.Fields{Name: name, Trace: id(base), Parent: id(base), Point: header.NewID(), Project: "shop", Service: service, Host: "h",
			Time: began.Add(at).UnixNano(), Info: []byte(start)}
		events = append(events, record.New(f))
		if stop != "" {
			f.Phase, f.Time, f.Info = record.Stop, f.Time+int64(took), []byte(stop)
			events = append(events, record.New(f))
		}
	}
	// child is a point below the last one.
	child := func(base, name, service string, at, took time.Duration, start, stop string) {
		parent := events[len(events)-1].Point()
		n := len(events)
		point(base, name, service, at, took, start, stop)
		for i := n; i < len(events); i++ {
			events[i].Change(func(f *record.Fields) { f.Parent = parent })
		}
	}
	const get = `{"request":{"method":"GET","path":"/cart/7","query":"","scheme":"http"},"host":"h"}`
	point(cartTrace, "http", "frontend", 0, 28*time.Millisecond, get, `{"response":{"status_code":200,"route":"GET /cart/{id}"},"host":"h"}`)
	child(cartTrace, "db", "catalog", time.Millisecond, time.Millisecond, `{"db":{"statement":"SELECT 1"},"host":"h"}`, `{"host":"h"}`)
	const post = `{"request":{"method":"POST","path":"/orders/1","query":"","scheme":"http"},"host":"h"}`
	point(brokenTrace, "http", "orders", time.Second, 1200*time.Millisecond, post, `{"response":{"status_code":500,"route":"/orders/{id}"},"etype":"E","message":"no","host":"h"}`)
	point(endlessTrace, "grpc", "a-service-with-quite-a-long-name", 2*time.Second, 0, `{"grpc":{"method":"/shop.v1.Inventory/ReserveEverythingThatIsLeft"},"host":"h"}`, "")
	point(evilTrace, hostile, hostile, 3*time.Second, time.Second, `{"host":"h"}`, `{"host":"h"}`)
	point(twoEnds, "nightly", "worker", time.Hour, time.Minute, `{"host":"h"}`, `{"host":"h"}`)
	point(twoEnds, "second", "other", time.Hour+time.Minute, 2*time.Minute, `{"host":"h"}`, `{"etype":"E","message":"no","host":"h"}`)
	return events
}

// listStores are stores with the same traces, whose services have filed none of
// them as failed.
func listStores(t *testing.T) map[string]string {
	t.Helper()
	urls := map[string]string{
		"sqlite": "sqlite:///" + filepath.Join(t.TempDir(), "sonde.db"),
		"file":   "file://" + filepath.Join(t.TempDir(), "traces.jsonl"),
		"redis":  "redis://" + servertest.Redis(t).Addr + "/5",
	}
	events := listedEvents(t)
	for _, url := range urls {
		d, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return urls
}

// TestListTable: the columns of a list, by the width of what shows it, are the same
// from every store.
func TestListTable(t *testing.T) {
	stores := listStores(t)
	for _, columns := range []string{"80", "120", "150", ""} {
		t.Setenv("COLUMNS", columns)
		file := filepath.Join("testdata", "list"+columns+".txt")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		for name, url := range stores {
			r := command(t, "trace", "list", "--connection-string", url)
			r.checkFine(t, "")
			if r.out != string(want) {
				t.Errorf("%s, %s columns: got\n%swant\n%s", name, columns, r.out, want)
			}
			checkHarmless(t, name, r.out)
		}
	}
}

// TestListKnows: a trace that has failed is never said to be well.
func TestListKnows(t *testing.T) {
	for name, url := range listStores(t) {
		var doc struct {
			Traces []struct {
				Trace    string
				Failed   *bool
				Services []string
				Status   *string
			}
		}
		if err := json.Unmarshal([]byte(command(t, "trace", "list", "--format", "json", "--connection-string", url).out), &doc); err != nil {
			t.Fatal(err)
		}
		for _, tr := range doc.Traces {
			if want := tr.Trace == brokenTrace || tr.Trace == twoEnds; tr.Failed == nil || *tr.Failed != want {
				t.Errorf("%s: %+v, want failed: %v", name, tr, want)
			}
			if tr.Trace == cartTrace && (len(tr.Services) != 2 || tr.Services[0] != "frontend" || tr.Status == nil || *tr.Status != "200") {
				t.Errorf("%s: %+v", name, tr)
			}
		}
		var upstreams []map[string]any
		if err := json.Unmarshal([]byte(command(t, "trace", "list", "--json", "--connection-string", url).out), &upstreams); err != nil {
			t.Fatal(err)
		}
		for _, tr := range upstreams {
			failed, said := tr["failed"]
			switch {
			case said && failed != true,
				said && tr["base_id"] != brokenTrace && tr["base_id"] != twoEnds,
				!said && name != "redis" && tr["base_id"] == brokenTrace:
				t.Errorf("%s: %v", name, tr)
			}
		}
	}
}

// idsOf are the ids of a list in JSON, in its order.
func idsOf(t *testing.T, r result) (ids string) {
	t.Helper()
	if r.code != exitFine {
		t.Fatalf("%+v", r)
	}
	var list []struct {
		ID string `json:"base_id"`
	}
	if err := json.Unmarshal([]byte(r.out), &list); err != nil {
		t.Fatal(err)
	}
	for _, tr := range list {
		ids += " " + tr.ID
	}
	return strings.TrimPrefix(ids, " ")
}

func cursor(timestamp, id string) string {
	tr := drivers.Trace{Timestamp: timestamp, ID: id}
	return string(tr.Cursor())
}

// TestListChooses: what the flags choose, in which order, and over how many that
// holds, which is said.
func TestListChooses(t *testing.T) {
	stores := listStores(t)
	for name, tt := range map[string]struct {
		args string
		want string
		says string // of Redis alone after "redis: "
	}{
		"all":               {"", twoEnds + " " + evilTrace + " " + endlessTrace + " " + brokenTrace + " " + cartTrace, ""},
		"duration":          {"--sort duration", twoEnds + " " + brokenTrace + " " + evilTrace + " " + cartTrace + " " + endlessTrace, "the order is that of all 5 traces"},
		"duration of 2":     {"--sort duration --limit 2", twoEnds + " " + evilTrace, "the order is that of the 2 newest (--limit, --since)"},
		"points":            {"--sort points", twoEnds + " " + cartTrace + " " + evilTrace + " " + endlessTrace + " " + brokenTrace, "the order is that of all 5 traces"},
		"longer":            {"--min-duration 1s", twoEnds + " " + evilTrace + " " + brokenTrace, "3 of all 5 traces took 1s or longer"},
		"longer, in order":  {"--min-duration 1s --sort duration --limit 4", twoEnds + " " + brokenTrace + " " + evilTrace, "3 of the 4 newest (--limit, --since) took 1s or longer"},
		"longer, since":     {"--min-duration 1s --since 2026-01-02T04:00", twoEnds, "1 of all 1 trace took 1s or longer"},
		"failed":            {"--error-trace", twoEnds + " " + brokenTrace, "redis: 2 of 5 traces failed; this store knows only what services have filed, so they were read"},
		"the newest failed": {"--error-trace --limit 1", twoEnds, "redis: 1 of 1 trace failed; this store knows only what services have filed, so they were read"},
		"failed, next page": {"--error-trace --limit 1 --page-before " + cursor("2026-01-02T04:04:05.000006", twoEnds), brokenTrace, "redis: 1 of 3 traces failed; "},
		"failed, back":      {"--error-trace --limit 1 --page-after " + cursor("2026-01-02T03:04:05.000006", cartTrace), brokenTrace, "redis: 1 of 4 traces failed; "},
		"failed and long":   {"--error-trace --min-duration 2m", twoEnds, "1 of all 2 traces took 2m0s or longer"},
	} {
		for store, url := range stores {
			r := command(t, append([]string{"trace", "list", "--json", "--connection-string", url}, strings.Fields(tt.args)...)...)
			if got := idsOf(t, r); got != tt.want {
				t.Errorf("%s in %s: %s, want %s", name, store, got, tt.want)
			}
			says, only := strings.CutPrefix(tt.says, "redis: ")
			if only && store != "redis" {
				says = ""
			}
			if says == "" && r.err != "" || !strings.Contains(r.err, "sonde: "+says) && says != "" {
				t.Errorf("%s in %s says %q, want %q", name, store, r.err, says)
			}
		}
	}
	for _, sort := range []string{"name", ""} {
		command(t, "trace", "list", "--sort", sort).checkFails(t, exitUsage, `--sort must be one of "began","duration","points"`)
	}
}
