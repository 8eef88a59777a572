package cli

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace"
)

// cart serves a shopping cart from SQLite. Later its prices are looked up one by one.
func cart(db *sql.DB, later bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		one := func(query string, args ...any) {
			var n int
			if err := db.QueryRowContext(r.Context(), query, args...).Scan(&n); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
		one("SELECT count(*) FROM items")
		one("SELECT max(id) FROM items")
		if later {
			for id := range 3 {
				one("SELECT price FROM items WHERE id = ?", id+1)
			}
		}
	}
}

// recordCarts asks a service for a cart so often, and returns the traces' ids.
func recordCarts(t *testing.T, url string, n int, later bool) (ids []string) {
	t.Helper()
	ctx := context.Background()
	store, err := drivers.Open(ctx, url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	keys, err := header.ParseKeys("secret of the test")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{Name: "shop", Host: "shop-1", Keys: keys, Sink: store})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqltrace.Open("sqlite", filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER); INSERT INTO items VALUES (1, 100), (2, 200), (3, 300)"); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cart/{id}", cart(db, later))
	handler := sondehttp.Handler(svc, mux)
	for i := range n {
		id := header.NewID()
		r := httptest.NewRequest(http.MethodGet, fmt.Sprint("/cart/", i), nil)
		keys.Primary().Sign(header.Info{BaseID: id}).Write(r.Header)
		answer := httptest.NewRecorder()
		if handler.ServeHTTP(answer, r); answer.Code != http.StatusOK {
			t.Fatal(answer.Body)
		}
		ids = append(ids, id.String())
	}
	if err := svc.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestDiffNamesAddedQuery: of one service before and after a query was added to it,
// the query is named first, in single traces, groups and files, and conditions fail the
// command or do not.
func TestDiffNamesAddedQuery(t *testing.T) {
	url := "sqlite:///" + filepath.Join(t.TempDir(), "traces.db")
	t.Setenv("OSPROFILER_CONNECTION_STRING", url)
	before, after := recordCarts(t, url, 6, false), recordCarts(t, url, 5, true)
	list := func(ids []string) string {
		file := filepath.Join(t.TempDir(), "ids.txt")
		if err := os.WriteFile(file, []byte("# traces\n\n"+strings.Join(ids, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return "@" + file
	}
	const cause = "1 new SELECT price FROM items WHERE id = ? (shop) ×3, below GET /cart/{id} (shop): "
	for name, groups := range map[string][]string{
		"single traces": {before[0], after[0]}, "groups": {list(before), list(after)}, "one against several": {before[0], list(after)},
	} {
		t.Run(name, func(t *testing.T) {
			diff := append([]string{"trace", "diff"}, groups...)
			r := command(t, diff...)
			r.checkFine(t, "")
			if lines := strings.Split(r.out, "\n"); !strings.HasPrefix(lines[0], "GET /cart/{id}: ") || !strings.HasPrefix(plain(lines[2]), cause) {
				t.Error(r.out)
			}
			command(t, append(diff, "--fail-if", "count(db)>5", "--fail-if", "count(db)>+300%", "--fail-if", "gone", "--fail-if", `new("FROM stock")`)...).checkFine(t, "")
			for condition, says := range map[string]string{
				"count(db)>4":                   "5 a trace, 2 before",
				"count(db) > +2":                "5 a trace, 2 before",
				"count(db)>=+150%":              "5 a trace, 2 before",
				"new(db)":                       "1 path",
				`count("FROM items WHERE") > 2`: "3 a trace, 0 before",
				"max(shop) < 1m":                " before",
			} {
				r := command(t, append(diff, "--fail-if", "total>10m", "--fail-if", condition)...)
				if !strings.Contains(plain(r.out), cause) {
					t.Errorf("%s: %s", condition, r.out)
				}
				if want := "sonde: failed: " + condition + ": "; r.code != exitFailed || !strings.HasPrefix(r.err, want) || !strings.HasSuffix(r.err, says+"\n") {
					t.Errorf("%s: exit %d, %q", condition, r.code, r.err)
				}
			}
		})
	}
	r := command(t, "trace", "diff", before[0], after[0], "--format", "json", "--fail-if", "new(db)", "--fail-if", "new(http)")
	var document struct {
		Version int
		Failed  []struct{ Condition, Text string }
		Causes  []struct{ Change, What string }
	}
	if err := json.Unmarshal([]byte(r.out), &document); err != nil || r.code != exitFailed || document.Version != 1 ||
		len(document.Failed) != 1 || document.Failed[0].Condition != "new(db)" || document.Causes[0].Change != "new" || document.Causes[0].What != "SELECT price FROM items WHERE id = ?" {
		t.Errorf("%v: %s", err, r.out)
	}
	// The other way round, the same query is gone.
	if r := command(t, "trace", "diff", after[0], before[0]); !strings.Contains(plain(r.out), "1 gone SELECT price FROM items WHERE id = ? (shop) ×3") {
		t.Error(r.out)
	}
	// A group is what flags select, too.
	if r := command(t, "trace", "diff", before[0], "--service", "shop", "--limit", "5"); r.code != exitFine || !strings.Contains(plain(r.out), cause) || !strings.Contains(plain(r.out), "1 trace and 5 traces") {
		t.Errorf("%s%s", r.err, r.out)
	}
	if r := command(t, "trace", "stats", "--name", "GET /cart/{id}"); r.code != exitFine || !strings.HasPrefix(r.out, "GET /cart/{id}: 11 traces, p50 ") {
		t.Errorf("%s%s", r.err, r.out)
	}
	if r := command(t, "trace", "stats", "--name", "http", "--limit", "4"); !strings.HasPrefix(r.out, "GET /cart/{id}: 4 traces, ") {
		t.Errorf("%s%s", r.err, r.out)
	}
	if r := command(t, "trace", "stats", list(before)); r.code != exitFine || !strings.Contains(r.out, "no cause is named of fewer than 10") {
		t.Errorf("%s%s", r.err, r.out)
	}
	command(t, "trace", "stats", "--name", "GET /car").checkFails(t, exitFailed, "^sonde: no trace is selected$")
}

// plain is text with single blanks.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestDiffSplit: traces are divided by the time at which they began.
func TestDiffSplit(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t)) // at 03:04 and at 04:04
	r := command(t, "trace", "diff", "--split", "2026-01-02T04:00")
	if r.checkFine(t, ""); !strings.HasPrefix(r.out, "POST /refund and 1 other kind: 90.0 ms → 1.00 s (+1011 %)\n") {
		t.Error(r.out)
	}
	for _, args := range [][]string{
		{"--split", "2026-01-02T05:00"}, {"--split", "2026-01-02T03:00"}, {"--split", "2026-01-02T04:00", "--before", "2026-01-02T04:00"},
		{"--split", "2026-01-02T04:00", "--name", "POST /checkout"}, {"--split", "2026-01-02T04:00", "--service", "cart"},
	} {
		command(t, append([]string{"trace", "diff"}, args...)...).checkFails(t, exitFailed, "^sonde: no trace that is selected began (before|after) --split$")
	}
	if r := command(t, "trace", "stats", "--before", "2026-01-02T04:00", "--limit", "1"); r.code != exitFine || !strings.HasPrefix(r.out, "POST /checkout: 1 trace, ") {
		t.Errorf("%s%s", r.err, r.out)
	}
}

// TestDiffUsage: what means nothing is refused before anything is read.
func TestDiffUsage(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", "no such store")
	for line, args := range map[string][]string{
		"give A and B, or --split":                   {},
		"A is compared with nothing":                 {checkout},
		"A and B are compared as they are":           {checkout, refund, "--service", "x"},
		"A and B are compared as they are.*":         {checkout, refund, "--split", "1h"},
		"--split divides the traces":                 {checkout, "--split", "1h"},
		`condition "total>": "" is not a number`:     {checkout, refund, "--fail-if", "total>"},
		`condition "speed>1": it begins with total,`: {checkout, refund, "--fail-if", "speed>1"},
	} {
		command(t, append([]string{"trace", "diff"}, args...)...).checkFails(t, exitUsage, line)
	}
	command(t, "trace", "stats", checkout, "--since", "1h").checkFails(t, exitUsage, "traces that are named are taken as they are")
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	command(t, "trace", "diff", checkout, nowhere).checkFails(t, exitFailed, "^sonde: trace "+nowhere+" not found in ")
	command(t, "trace", "stats", "@"+filepath.Join(t.TempDir(), "none")).checkFails(t, exitFailed, "no such file")
}
