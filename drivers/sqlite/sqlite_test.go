package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t testing.TB, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{FilterErrorTrace: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func version(t *testing.T) (v string) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT sqlite_version()").Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestConformance(t *testing.T) {
	var path string
	drivertest.Run(t, drivertest.Harness{
		Driver: "sqlite",
		Server: "SQLite " + version(t),
		New: func(t *testing.T) func() *drivers.Store {
			path = t.TempDir() + "/a %23#é.db"
			return func() *drivers.Store { return openURL(t, "sqlite:///"+path) }
		},
		ListWork: func(t *testing.T, list func(*drivers.Store)) int64 { return pagesRead(t, path, list) },
		Corrupt: func(t *testing.T, base, raw string) {
			db, err := sql.Open("sqlite", "file:"+escape(path))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("INSERT INTO data (base_id, trace_id, name, data) VALUES (?, 'x', 'db-start', ?)", base, raw); err != nil {
				t.Fatal(err)
			}
		},
	})
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite://":                 "",
		"sqlite:///":                "",
		"sqlite:///:memory:":        "",
		"sqlite:///sonde.db":        "sonde.db",
		"sqlite:///var/sonde.db":    "var/sonde.db",
		"sqlite:////var/lib/a b.db": "/var/lib/a b.db",
		"sqlite:///C:\\sonde.db":    "C:\\sonde.db",
		"sqlite:///100%25.db":       "100%25.db",
	} {
		if got, err := parse(strings.TrimPrefix(url, "sqlite://")); err != nil || got != want {
			t.Errorf("%s names %q, %v, want %q", url, got, err, want)
		}
	}
	for _, url := range []string{"sqlite:sonde.db", "sqlite://sonde.db", "sqlite://u:geheim@/sonde.db", "sqlite:///sonde.db?mode=ro", "sqlite://:1/x"} {
		if _, err := drivers.Open(t.Context(), url, drivers.Options{}); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", url, err)
		}
	}
	_, err := drivers.Open(t.Context(), "sqlite:///"+t.TempDir()+"/no/x.db", drivers.Options{})
	if err == nil || !strings.Contains(err.Error(), "there is no folder") {
		t.Errorf("a file in a missing folder: %v", err)
	}
}

func TestMemory(t *testing.T) {
	d := openURL(t, "sqlite://")
	defer d.Close()
	events := drivertest.Trace(1200, 0)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Notify(cancelled, events); !errors.Is(err, context.Canceled) {
		t.Errorf("Notify: %v", err)
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range d.Records(t.Context(), events[0].Trace().String()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 { // the one connection is free while a reader works
			if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n != len(events) {
		t.Errorf("%d records, want %d", n, len(events))
	}
}

func query(t *testing.T, path, q string) (lines []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+escape(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		columns, _ := rows.Columns()
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, v.(*sql.NullString).String)
		}
		lines = append(lines, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestStoredForm compares with what OSProfiler stores in other databases.
func TestStoredForm(t *testing.T) {
	path := t.TempDir() + "/form.db"
	d := openURL(t, "sqlite:///"+path)
	e := drivertest.Trace(1, 0)[0]
	e.Change(func(f *record.Fields) { f.Host = "host-b" }) // the column is the service's host
	if err := d.Notify(t.Context(), []record.Event{e}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"1", string(record.AppendTimestamp(nil, e.Time())), e.Trace().String(), e.Trace().String(), e.Point().String(),
		"shop", "host-b", "checkout", "http-start",
		`"{\"info\": {\"db\":{\"statement\":\"statement 0\",\"params\":[1,2.5,null,true,1e+16]},\"host\":\"host-a\"}}"`,
	}, "|")
	if got := query(t, path, "SELECT * FROM data"); len(got) != 1 || got[0] != want {
		t.Errorf("stored\n%s, want\n%s", got, want)
	}
	columns := query(t, path, "SELECT name, type FROM pragma_table_info('data')")
	if got := strings.Join(columns, ", "); got != "id|INTEGER, timestamp|VARCHAR(26), base_id|VARCHAR(255), parent_id|VARCHAR(255), trace_id|VARCHAR(255), "+
		"project|VARCHAR(255), host|VARCHAR(255), service|VARCHAR(255), name|VARCHAR(255), data|JSON" {
		t.Errorf("columns: %s", got)
	}
	if got := query(t, path, "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name"); strings.Join(got, ", ") != "ix_data_base_id, ix_data_timestamp" {
		t.Errorf("indexes: %s", got)
	}
}

// TestReadsBothEncodings reads rows that hold the JSON itself, too.
func TestReadsBothEncodings(t *testing.T) {
	path := t.TempDir() + "/both.db"
	d := openURL(t, "sqlite:///"+path)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	query(t, path, `INSERT INTO data (timestamp, base_id, parent_id, trace_id, name, data) VALUES
		('2026-01-02T03:04:05.000006', 'b', 'b', 't', 'db-start', '{"info": {"x": NaN}, "extra": 1}'),
		(NULL, 'b', NULL, 't', 'db-stop', '"{\"info\": {\"x\": \"\\u00e9\"}}"'),
		(NULL, 'b', NULL, NULL, 'db-stop', '{}'), (NULL, 'b', NULL, 't', NULL, '{}'), (NULL, 'b', NULL, 't', 'x', NULL), (NULL, 'b', NULL, 't', 'x', '"[]"')`)
	var got []string
	for r, err := range d.Records(t.Context(), "b") {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %v", r.Timestamp, r.Name, r.Info, r.Payload, r.Project == nil))
	}
	want := []string{
		`2026-01-02T03:04:05.000006 db-start {"x": NaN} {"info": {"x": NaN}, "extra": 1} true`,
		` db-stop {"x": "\u00e9"} {"info": {"x": "\u00e9"}} true`,
		`bad record "{}": no trace_id`, `bad record "{}": no name`,
		`bad record "NULL": column data does not hold a JSON object`, `bad record "\"[]\"": column data does not hold a JSON object`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRefusedWrite keeps the events for a later attempt.
func TestRefusedWrite(t *testing.T) {
	path := t.TempDir() + "/full.db"
	d := openURL(t, "sqlite:///"+path)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	query(t, path, "CREATE TRIGGER full BEFORE INSERT ON data WHEN NEW.name = 'db-start' BEGIN SELECT RAISE(ABORT, 'no'); END")
	events := drivertest.Trace(10, 0)
	var rejected *record.RejectedError
	if err := d.Notify(t.Context(), events); !errors.As(err, &rejected) || !slices.Equal(rejected.Indexes, []int{1, 3, 5, 7}) {
		t.Errorf("a constraint: %v", err)
	}
	if got := query(t, path, "SELECT COUNT(*) FROM data"); got[0] != "1" {
		t.Errorf("%s rows, want 1: nothing of a batch with rejected records is stored", got[0])
	}
	query(t, path, "DROP TRIGGER full")
	query(t, path, "ALTER TABLE data RENAME COLUMN host TO gone")
	if err := d.Notify(t.Context(), events); !errors.Is(err, record.ErrNotSent) || errors.As(err, &rejected) {
		t.Errorf("a table of another form: %v", err)
	}
	query(t, path, "DROP TABLE data")
	for range d.Records(t.Context(), "x") {
		t.Error("a record without a table")
	}
	if err := d.Notify(t.Context(), events); !errors.Is(err, record.ErrNotSent) {
		t.Errorf("a table that went: %v", err)
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Errorf("the table is not made again: %v", err)
	}
}

// TestOtherWriter waits for another process that writes, as long as it may.
func TestOtherWriter(t *testing.T) {
	path := t.TempDir() + "/busy.db"
	d := openURL(t, "sqlite:///"+path)
	defer d.Close()
	events := drivertest.Trace(2, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+escape(path))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	exec := func(statement string) {
		t.Helper()
		if _, err := other.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	exec("BEGIN EXCLUSIVE")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	// One that does not heed its context ends as well, with SQLite's patience.
	if err := d.Notify(ctx, events); !errors.Is(err, record.ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "locked") {
		t.Errorf("Notify: %v, want that the deadline is exceeded and nothing is sent", err)
	}
	done := make(chan error)
	go func() { done <- d.Notify(t.Context(), drivertest.Trace(2, 0)) }()
	go func() { done <- d.Delete(t.Context(), events[0].Trace().String()) }()
	exec("COMMIT")
	for range 2 {
		if err := watchdog.Await(t, "a call's end", done); err != nil {
			t.Error(err)
		}
	}
	if got := query(t, path, "SELECT COUNT(*) FROM data"); got[0] != "2" {
		t.Errorf("%s rows, want 2", got)
	}
}

func TestPrune(t *testing.T) {
	path := t.TempDir() + "/prune.db"
	sqltest.PruneMany(t, func() *drivers.Store { return openURL(t, "sqlite:///"+path) })
	if got := query(t, path, "SELECT COUNT(*) FROM data"); got[0] != "1" {
		t.Errorf("%s rows are left, want 1", got[0])
	}
}

func BenchmarkNotify(b *testing.B) { drivertest.BenchmarkNotify(b, empty) }
func BenchmarkList(b *testing.B)   { drivertest.BenchmarkList(b, empty) }

// empty opens a new file.
func empty(b testing.TB) *drivers.Store {
	d := openURL(b, "sqlite:///"+b.TempDir()+"/bench.db")
	b.Cleanup(func() { _ = d.Close() })
	return d
}
