package sondetest_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/sqltrace"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// user is the test of a user, whose failures are looked at.
type user struct {
	testing.TB
	name     string
	failures []string
	skipped  bool
	cleanups []func()
}

func (u *user) Helper()                   {}
func (u *user) Name() string              { return u.name }
func (u *user) Context() context.Context  { return u.TB.Context() }
func (u *user) Cleanup(f func())          { u.cleanups = append(u.cleanups, f) }
func (u *user) Failed() bool              { return len(u.failures) > 0 }
func (u *user) Skipped() bool             { return u.skipped }
func (u *user) Errorf(f string, a ...any) { u.failures = append(u.failures, fmt.Sprintf(f, a...)) }

func (u *user) Fatalf(f string, a ...any) {
	u.Errorf(f, a...)
	runtime.Goexit()
}

func (u *user) Fatal(a ...any) { u.Fatalf("%s", fmt.Sprint(a...)) }

func (u *user) SkipNow() {
	u.skipped = true
	runtime.Goexit()
}

// failures runs a user's test to its end and returns how it failed.
func failures(t *testing.T, test func(t testing.TB)) []string {
	t.Helper()
	u := &user{TB: t, name: "TestOfAUser"}
	done := make(chan any)
	go func() {
		defer func() {
			v := recover()
			for i := len(u.cleanups) - 1; i >= 0; i-- {
				u.cleanups[i]()
			}
			done <- v
		}()
		test(u)
	}()
	if v := watchdog.Await(t, "the user's test", done); v != nil {
		u.failures = append(u.failures, fmt.Sprint("panic: ", v))
	}
	return u.failures
}

// fails checks that a user's test fails once, with each of the texts; without any,
// that it passes.
func fails(t *testing.T, test func(t testing.TB), texts ...string) {
	t.Helper()
	got := failures(t, test)
	if len(texts) == 0 {
		for _, f := range got {
			t.Errorf("failed: %s", f)
		}
		return
	}
	if len(got) != 1 {
		t.Fatalf("failed %d times, want once: %q", len(got), got)
	}
	for _, text := range texts {
		if !strings.Contains(got[0], text) {
			t.Errorf("the failure has no %q:\n%s", text, got[0])
		}
	}
}

// openDB is a database with n products, opened with sqltrace or without.
func openDB(t *testing.T, n int, traced bool) *sql.DB {
	t.Helper()
	open := sql.Open
	if traced {
		open = func(driver, dsn string) (*sql.DB, error) { return sqltrace.Open(driver, dsn) }
	}
	db, err := open("sqlite", filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec(`CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT)`); err != nil {
		t.Fatal(err)
	}
	fill(t, db, n)
	return db
}

// fill leaves n products, with ids from 1.
func fill(t testing.TB, db *sql.DB, n int) {
	if _, err := db.Exec(`DELETE FROM products`); err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= n; id++ {
		if _, err := db.Exec(`INSERT INTO products VALUES (?, ?)`, id, fmt.Sprint("product ", id)); err != nil {
			t.Fatal(err)
		}
	}
}

const byID = `SELECT name FROM products WHERE id = ?`

// ask asks for one product.
func ask(ctx context.Context, t testing.TB, db *sql.DB, id int) {
	var name string
	if err := db.QueryRowContext(ctx, byID, id).Scan(&name); err != nil {
		t.Fatal(err)
	}
}

// ids asks for all ids.
func ids(ctx context.Context, t testing.TB, db *sql.DB) (list []int) {
	rows, err := db.QueryContext(ctx, `SELECT id FROM products`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		list = append(list, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// methodGET is an attribute, without which a point has no layer.
var methodGET = slog.String("method", "GET")
