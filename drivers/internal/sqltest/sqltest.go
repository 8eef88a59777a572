// Package sqltest has the tests that the drivers of database servers share.
package sqltest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// Engine is a server under test and how to talk to it.
type Engine struct {
	Driver string
	Server *servertest.Server

	// URL is the driver's for a database, which OSProfiler takes too. password
	// is the user's, "" for a user that needs none.
	URL func(password, database string) string
	// Connect connects as the one who may do everything.
	Connect func(t testing.TB, database string) *sql.DB
	// Exists is a database that is always there.
	Exists string
	// PythonModule is the client library that OSProfiler needs.
	PythonModule string
	// Version is a query for the server's version.
	Version string
	// Corrupt is a statement that adds a row with an id of a trace and the
	// content of a JSON string, its two parameters.
	Corrupt string

	// RowsRead is how many rows and index entries the server has read so far,
	// the work of connections that are closed included.
	RowsRead func(t testing.TB, database string) int64

	// Analyze is the statement that has the server look at how the values of
	// the table are spread.
	Analyze string

	// TableForm is a query that describes the columns and indexes of the
	// current database's tables.
	TableForm string

	// Place puts the tables of a database that has none on the disk that dir is,
	// until the test ends, and Small is how many bytes of it hold an empty table
	// and not much more. Nil: the server does not outlive a full disk, as MariaDB
	// sometimes does not.
	Place func(t *testing.T, database, dir string)
	Small int

	databases int
}

// Database makes an empty database.
func (e *Engine) Database(t testing.TB) string {
	t.Helper()
	e.databases++
	name := fmt.Sprintf("d%d", e.databases)
	e.Exec(t, e.Exists, "CREATE DATABASE "+name)
	return name
}

// Exec runs a statement directly, in a clean-up too.
func (e *Engine) Exec(t testing.TB, database, statement string, args ...any) {
	t.Helper()
	db := e.Connect(t, database)
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Texts runs a query directly and returns its rows, the columns joined with |.
func (e *Engine) Texts(t testing.TB, database, query string) (lines []string) {
	t.Helper()
	db := e.Connect(t, database)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(columns))
		for i, v := range values {
			texts[i] = v.(*sql.NullString).String
		}
		lines = append(lines, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// Open opens the driver for a database.
func (e *Engine) Open(t testing.TB, database string) *drivers.Store {
	t.Helper()
	return open(t, e.URL("", database))
}

var filing = drivers.Options{FilterErrorTrace: true}

func open(t testing.TB, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, filing)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Run runs all the tests. Those with faults come last, since they stop the
// server.
func Run(t *testing.T, e *Engine) {
	t.Run("Conformance", e.conformance)
	t.Run("StoredForm", e.testStoredForm)
	t.Run("SchemaOnce", e.testSchemaOnce)
	t.Run("Rejected", e.testRejected)
	t.Run("ListWork", e.testListWork)
	t.Run("ListRandom", func(t *testing.T) {
		d := e.Open(t, e.Database(t))
		defer d.Close()
		ListRandom(t, d)
	})
	t.Run("ListLookalikes", e.testListLookalikes)
	t.Run("Prune", func(t *testing.T) {
		database := e.Database(t)
		PruneMany(t, func() *drivers.Store { return e.Open(t, database) })
		if got := e.Texts(t, database, "SELECT COUNT(*) FROM data"); got[0] != "1" {
			t.Errorf("%s rows are left, want 1", got[0])
		}
	})
	t.Run("Cut", e.testCut)
	t.Run("PythonWrites", e.testPythonWrites)
	t.Run("PythonReads", e.testPythonReads)
	t.Run("RefusedWrite", e.testRefusedWrite)
	if e.Place != nil {
		t.Run("NoRoom", e.noRoom)
	}
	t.Run("Faults", e.faults)
}

func (e *Engine) conformance(t *testing.T) {
	var database string
	drivertest.Run(t, drivertest.Harness{
		Driver: e.Driver,
		Server: e.Texts(t, e.Exists, e.Version)[0],
		New: func(t *testing.T) func() *drivers.Store {
			database = e.Database(t)
			return func() *drivers.Store { return e.Open(t, database) }
		},
		TLS: true, // TestTLS
		ListWork: func(t *testing.T, list func(*drivers.Store)) int64 {
			return e.work(t, database, list)
		},
		Corrupt: func(t *testing.T, base, raw string) { e.Exec(t, database, e.Corrupt, base, raw) },
	})
}

// testStoredForm compares a row with the one that OSProfiler would write.
func (e *Engine) testStoredForm(t *testing.T) {
	database := e.Database(t)
	d := e.Open(t, database)
	defer d.Close()
	event := drivertest.Trace(1, 0)[0]
	event.Change(func(f *record.Fields) { f.Host = "host-b" }) // the column is the service's host
	if err := d.Notify(t.Context(), []record.Event{event}); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"1", string(record.AppendTimestamp(nil, event.Time())), event.Trace().String(), event.Trace().String(), event.Point().String(),
		"shop", "host-b", "checkout", "http-start",
		`"{\"info\": {\"db\":{\"statement\":\"statement 0\",\"params\":[1,2.5,null,true,1e+16]},\"host\":\"host-a\"}}"`,
	}, "|")
	if got := e.Texts(t, database, "SELECT * FROM data"); len(got) != 1 || got[0] != want {
		t.Errorf("stored\n%s, want\n%s", got, want)
	}
}

// TestTLS writes to a server whose certificate the first URL trusts, and the
// second does not.
func TestTLS(t *testing.T, good, bad string) {
	d := open(t, good)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Errorf("Notify by TLS: %v", err)
	}
	d = open(t, bad)
	defer d.Close()
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	checkRefused(t, "Notify to whom one does not trust", err)
	if err != nil && !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v does not speak of the certificate", err)
	}
}

// testSchemaOnce lets many make the table at once.
func (e *Engine) testSchemaOnce(t *testing.T) {
	database := e.Database(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			d := e.Open(t, database)
			defer d.Close()
			for range d.Records(t.Context(), "x") {
				t.Error("a record or an error without a table")
			}
			if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
				t.Errorf("Notify: %v", err)
			}
		}()
	}
	wg.Wait()
	if got := e.Texts(t, database, "SELECT COUNT(*) FROM data"); got[0] != "16" {
		t.Errorf("%s rows, want 16", got)
	}
}

// testRejected names the records that are too long for their columns.
func (e *Engine) testRejected(t *testing.T) {
	database := e.Database(t)
	d := e.Open(t, database)
	defer d.Close()
	events := drivertest.Trace(100, 0)
	events[0].Change(func(f *record.Fields) { f.Name = strings.Repeat("é", 250) }) // and "-start": too long
	events[41].Change(func(f *record.Fields) { f.Service = strings.Repeat("x", 256) })
	events[42].Change(func(f *record.Fields) { f.Service = strings.Repeat("é", 255) })
	events[99].Change(func(f *record.Fields) { f.Project = strings.Repeat("x", 10000) })
	err := d.Notify(t.Context(), events)
	var rejected *record.RejectedError
	if !errors.As(err, &rejected) || fmt.Sprint(rejected.Indexes) != "[0 41 99]" {
		t.Fatalf("Notify: %v, want the events 0, 41 and 99 rejected", err)
	}
	if got := e.Texts(t, database, "SELECT COUNT(*) FROM data"); got[0] != "0" {
		t.Errorf("%s rows of a batch with rejected records are stored, want none: all others are sent again", got[0])
	}
	if err := d.Notify(t.Context(), events[1:41]); err != nil {
		t.Errorf("the good ones: %v", err)
	}
	if n := len(collect(t, d, events[0].Trace().String())); n != 40 {
		t.Errorf("%d records, want 40", n)
	}
}

func collect(t testing.TB, d *drivers.Store, base string) (records []record.Record) {
	t.Helper()
	for r, err := range d.Records(t.Context(), base) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r.Clone())
	}
	return records
}

func reportOf(t testing.TB, d *drivers.Store, base string) string {
	t.Helper()
	r, err := report.Build(d.Records(t.Context(), base))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteOSProfiler(&b); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}
