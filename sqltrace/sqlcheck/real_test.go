package sqlcheck_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace"
	driver "modernc.org/sqlite"
)

// A database is a real one that a program is run on.
type database struct {
	driver, dsn string
	create      string        // a table of all kinds of columns
	slow        string        // a query that takes long
	runs        chan struct{} // is sent to when that query runs; nil: who cannot tell
	sets        string        // a statement with two result sets, "" if there is no such thing
	isolation   sql.IsolationLevel
	own         func(any) bool // the driver's own connection
}

func postgres(s *servertest.Server) database {
	return database{
		driver: "pgx", dsn: "postgres://postgres@" + s.Addr + "/test?sslmode=disable",
		create: "CREATE TABLE goods (id SERIAL PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, price NUMERIC(8,2), made TIMESTAMP, raw BYTEA, n SMALLINT)",
		slow:   "SELECT pg_sleep(30)", isolation: sql.LevelSerializable,
		own: func(c any) bool { _, ok := c.(*stdlib.Conn); return ok },
	}
}

func mariadb(dsn string) database {
	return database{
		driver: "mysql", dsn: dsn,
		create: "CREATE TABLE goods (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL UNIQUE, price DECIMAL(8,2), made DATETIME(6), raw BLOB, n SMALLINT)",
		slow:   "SELECT SLEEP(30)", sets: "SELECT 1; SELECT 2, 3", isolation: sql.LevelRepeatableRead,
		own: func(c any) bool { return fmt.Sprintf("%T", c) == "*mysql.mysqlConn" },
	}
}

type log struct{}

func (log) Print(...any) {}

// sqliteRuns is sent to by the SQL function runs. A query of SQLite that is cancelled
// before it runs is not cancelled at all.
var sqliteRuns = make(chan struct{}, 1)

func init() {
	driver.MustRegisterScalarFunction("runs", 0, func(*driver.FunctionContext, []sqldriver.Value) (sqldriver.Value, error) {
		select {
		case sqliteRuns <- struct{}{}:
		default:
		}
		return int64(1), nil
	})
}

func sqlite(t *testing.T) database {
	return database{
		driver: "sqlite", dsn: filepath.Join(t.TempDir(), "test.db") + "?_pragma=busy_timeout(5000)",
		create: "CREATE TABLE goods (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, price DECIMAL(8,2), made TIMESTAMP, raw BLOB, n SMALLINT)",
		runs:   sqliteRuns,
		slow:   "WITH RECURSIVE c(x) AS (SELECT runs() UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c", isolation: sql.LevelSerializable,
		own: func(c any) bool { return fmt.Sprintf("%T", c) == "*sqlite.conn" },
	}
}

func TestPostgreSQL(t *testing.T) {
	s := servertest.Postgres(t)
	compare(t, postgres(s))
	hidesSecrets(t, postgres(s), map[string]any{"unique": "23505", "type": "22P02", "syntax": "42601"})
	survivesRestart(t, postgres(s), s)
}

func TestSQLite(t *testing.T) {
	compare(t, sqlite(t))
	hidesSecrets(t, sqlite(t), map[string]any{"unique": 2067.0, "syntax": 1.0})
}

func TestMariaDB(t *testing.T) {
	_ = mysql.SetLogger(log{}) // it logs every connection that is cut
	s := servertest.MariaDB(t)
	dsn := "root@tcp(" + s.Addr + ")/test?parseTime=true&multiStatements=true"
	// By default the driver prepares each statement that has arguments.
	t.Run("prepared", func(t *testing.T) { compare(t, mariadb(dsn)) })
	t.Run("interpolated", func(t *testing.T) { compare(t, mariadb(dsn+"&interpolateParams=true")) })
	hidesSecrets(t, mariadb(dsn), map[string]any{"unique": 1062.0, "type": 1366.0, "syntax": 1064.0})
	survivesRestart(t, mariadb(dsn), s)
}

// TestAllocsOfSQLite: without a trace nothing is added to what the driver
// allocates.
func TestAllocsOfSQLite(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	d := sqlite(t)
	ctx := context.Background()
	for name, do := range map[string]func(db *sqlx.DB) error{
		"query": func(db *sqlx.DB) error {
			return db.QueryRowContext(ctx, "SELECT 41 + ?", 1).Scan(new(int))
		},
		"exec": func(db *sqlx.DB) error {
			_, err := db.ExecContext(ctx, "UPDATE t SET n = ?", 1)
			return err
		},
	} {
		var n [2]float64
		for i, db := range []*sqlx.DB{openBare(t, d), openTraced(t, d)} {
			db.SetMaxOpenConns(1)
			if _, err := db.Exec("CREATE TABLE IF NOT EXISTS t (n INT)"); err != nil {
				t.Fatal(err)
			}
			n[i] = race.Allocs(200, func() {
				if err := do(db); err != nil {
					t.Fatal(err)
				}
			})
		}
		if n[1] != n[0] {
			t.Errorf("%s: %v allocations, bare %v", name, n[1], n[0])
		}
	}
}

// compare runs the same program on the bare driver, on the traced one without
// a trace and within one: it must not see any difference.
func compare(t *testing.T, d database) {
	bare := openBare(t, d)
	want := program(t, context.Background(), bare, d)
	traced := openTraced(t, d)
	if got := program(t, context.Background(), traced, d); !slices.Equal(got.said, want.said) {
		t.Errorf("untraced: %s", diff(got.said, want.said))
	}
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	got := program(t, ctx, traced, d)
	root.Stop()
	if !slices.Equal(got.said, want.said) {
		t.Errorf("traced: %s", diff(got.said, want.said))
	}
	points := slices.DeleteFunc(rec.Points(t), func(p profilertest.Point) bool { return p.Name == "root" || p.Name == "db_connect" })
	var recorded []string
	for _, p := range points {
		if !p.Stopped || p.Parent != root.ID() {
			t.Errorf("%s %v is not stopped or not below the root", p.Name, p.Start)
		}
		recorded = append(recorded, describe(p))
	}
	if !slices.Equal(recorded, got.points) {
		t.Errorf("points: %s", diff(recorded, got.points))
	}
	if n := traced.Stats().InUse; n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
}

// survivesRestart: connections that went bad in the pool are replaced without
// the user or the trace seeing it.
func survivesRestart(t *testing.T, d database, s *servertest.Server) {
	db := openTraced(t, d)
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	query := func() {
		var n int
		if err := db.QueryRowContext(ctx, db.Rebind("SELECT 41 + ?"), 1).Scan(&n); err != nil || n != 42 {
			t.Errorf("%d, %v", n, err)
		}
	}
	query()
	s.Kill()
	s.Restart()
	query()
	root.Stop()
	var got []string
	for _, p := range rec.Points(t) {
		if p.Name != "root" {
			got = append(got, describe(p))
		}
	}
	want := []string{"db_connect <nil>", "db SELECT 41 rows=1", "db_connect <nil>", "db SELECT 41 rows=1"}
	if !slices.Equal(got, want) {
		t.Errorf("points: %s", diff(got, want))
	}
}

func openBare(t *testing.T, d database) *sqlx.DB {
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return sqlx.NewDb(db, d.driver)
}

func openTraced(t *testing.T, d database) *sqlx.DB {
	db, err := sqltrace.Open(d.driver, d.dsn, sqltrace.WithLiterals())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return sqlx.NewDb(db, d.driver)
}

// describe is a point in short: its statement's first two words, and how it
// went.
func describe(p profilertest.Point) string {
	start, _ := p.Start["db"].(map[string]any)
	s := p.Name + " " + firstWords(start["statement"])
	stop, _ := p.Stop["db"].(map[string]any)
	for _, key := range []string{"rows", "rows_affected", "result_sets"} {
		if v, ok := stop[key]; ok {
			s += fmt.Sprintf(" %s=%v", key, v)
		}
	}
	if p.Stop["outcome"] != nil {
		s += " " + p.Stop["outcome"].(string)
	}
	if p.Stop["etype"] != nil {
		s += " failed"
	}
	return s
}

func firstWords(statement any) string {
	w := strings.Fields(fmt.Sprint(statement))
	return strings.Join(w[:min(len(w), 2)], " ")
}

func diff(got, want []string) string {
	var b strings.Builder
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			fmt.Fprintf(&b, "\n  line %d\n    got  %s\n    want %s", i, g, w)
		}
	}
	return b.String()
}

// transcript is what a program saw, and the points that it should leave.
type transcript struct{ said, points []string }

func (r *transcript) say(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *transcript) point(points ...string) { r.points = append(r.points, points...) }

type good struct {
	ID    int64
	Name  string
	Price sql.NullString
	Made  *time.Time
	Raw   []byte
	N     *int16
}

func (g good) String() string {
	made, n := "-", "-"
	if g.Made != nil {
		made = g.Made.UTC().Format(time.RFC3339Nano)
	}
	if g.N != nil {
		n = fmt.Sprint(*g.N)
	}
	return fmt.Sprintf("%d %s %v %s %x %s", g.ID, g.Name, g.Price, made, g.Raw, n)
}

func program(t *testing.T, ctx context.Context, db *sqlx.DB, d database) *transcript {
	t.Helper()
	r := &transcript{}
	_, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS goods")
	r.say("drop: %v", err)
	r.point("db DROP TABLE rows_affected=0")
	_, err = db.ExecContext(ctx, d.create)
	r.say("create: %v", err)
	r.point("db CREATE TABLE rows_affected=0")
	r.writes(ctx, db)
	r.reads(ctx, db, d)
	r.sqlx(ctx, db)
	r.transactions(ctx, db, d)
	r.failures(ctx, db, d)
	return r
}

func (r *transcript) writes(ctx context.Context, db *sqlx.DB) {
	insert := db.Rebind("INSERT INTO goods (name, price, made, raw, n) VALUES (?, ?, ?, ?, ?)")
	made := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	res, err := db.ExecContext(ctx, insert, "anvil", "12.50", made, []byte{0, 255}, 7)
	r.result(res, err)
	res, err = db.ExecContext(ctx, insert, "bolt", nil, nil, nil, nil)
	r.result(res, err)
	r.point("db INSERT INTO rows_affected=1", "db INSERT INTO rows_affected=1")

	stmt, err := db.PreparexContext(ctx, db.Rebind("INSERT INTO goods (name, n) VALUES (?, ?)"))
	r.say("prepare: %v", err)
	r.point("db_prepare INSERT INTO")
	for i := range 3 {
		res, err = stmt.ExecContext(ctx, fmt.Sprintf("nut %d", i), i)
		r.result(res, err)
		r.point("db INSERT INTO rows_affected=1")
	}
	r.say("close: %v", stmt.Close())
	res, err = db.ExecContext(ctx, db.Rebind("UPDATE goods SET n = n + 1 WHERE n < ?"), 100)
	r.result(res, err)
	r.point("db UPDATE goods rows_affected=4")
}

func (r *transcript) result(res sql.Result, err error) {
	if err != nil {
		r.say("exec: %T %v", err, err)
		return
	}
	n, err := res.RowsAffected()
	id, idErr := res.LastInsertId()
	r.say("exec: %d %v, %d %v", n, err, id, idErr)
}

func (r *transcript) reads(ctx context.Context, db *sqlx.DB, d database) {
	rows, err := db.QueryContext(ctx, db.Rebind("SELECT id, name, price, made, raw, n FROM goods WHERE id < ? ORDER BY id"), 4)
	r.rows(rows, err)
	r.point("db SELECT id, rows=3")
	rows, err = db.QueryContext(ctx, "SELECT id, name FROM goods WHERE id < 0")
	r.rows(rows, err)
	r.point("db SELECT id, rows=0")
	var name string
	err = db.QueryRowContext(ctx, "SELECT name FROM goods ORDER BY id").Scan(&name)
	r.say("first: %q %v", name, err)
	r.point("db SELECT name rows=1")
	err = db.QueryRowContext(ctx, db.Rebind("SELECT name FROM goods WHERE id = ?"), -1).Scan(&name)
	r.say("none: %v", err)
	r.point("db SELECT name rows=0")
	if d.sets != "" {
		rows, err = db.QueryContext(ctx, d.sets)
		r.rows(rows, err)
		r.point("db SELECT 1; rows=2 result_sets=2")
	}
}

// rows says all that can be seen of rows.
func (r *transcript) rows(rows *sql.Rows, err error) {
	if err != nil {
		r.say("query: %T %v", err, err)
		return
	}
	defer rows.Close()
	for more := true; more; more = rows.NextResultSet() {
		types, err := rows.ColumnTypes()
		r.say("types: %v", err)
		for _, t := range types {
			length, hasLength := t.Length()
			nullable, hasNullable := t.Nullable()
			precision, scale, hasScale := t.DecimalSize()
			r.say("  %s %q %v %d %v %v %v %d %d %v", t.Name(), t.DatabaseTypeName(), t.ScanType(), length, hasLength, nullable, hasNullable, precision, scale, hasScale)
		}
		for rows.Next() {
			values := make([]any, len(types))
			into := make([]any, len(types))
			for i := range values {
				into[i] = &values[i]
			}
			err := rows.Scan(into...)
			r.say("row: %v", err)
			for _, v := range values {
				r.say("  %T %v", v, v)
			}
		}
	}
	r.say("end: %v %v", rows.Err(), rows.Close())
}

func (r *transcript) sqlx(ctx context.Context, db *sqlx.DB) {
	var all []good
	err := db.SelectContext(ctx, &all, "SELECT * FROM goods ORDER BY id")
	r.say("select: %v %v", all, err)
	r.point("db SELECT * rows=5")
	var one good
	err = db.GetContext(ctx, &one, db.Rebind("SELECT * FROM goods WHERE name = ?"), "anvil")
	r.say("get: %v %v", one, err)
	r.point("db SELECT * rows=1")
	err = db.GetContext(ctx, &one, db.Rebind("SELECT * FROM goods WHERE name = ?"), "nothing")
	r.say("get: %v", err)
	r.point("db SELECT * rows=0")

	res, err := db.NamedExecContext(ctx, "INSERT INTO goods (name, n) VALUES (:name, :n)", []map[string]any{{"name": "rod", "n": 1}, {"name": "saw", "n": 2}})
	r.result(res, err)
	r.point("db INSERT INTO rows_affected=2")
	named, err := db.NamedQueryContext(ctx, "SELECT * FROM goods WHERE name = :name", map[string]any{"name": "saw"})
	r.say("named: %v", err)
	for err == nil && named.Next() {
		var g good
		r.say("  %v %v", named.StructScan(&g), g)
	}
	r.say("end: %v", named.Close())
	r.point("db SELECT * rows=1")

	query, args, err := sqlx.In("SELECT name FROM goods WHERE id IN (?) ORDER BY id", []int{1, 2, 3})
	r.say("in: %v", err)
	var names []string
	err = db.SelectContext(ctx, &names, db.Rebind(query), args...)
	r.say("in: %q %v", names, err)
	r.point("db SELECT name rows=3")

	prepared, err := db.PrepareNamedContext(ctx, "SELECT name FROM goods WHERE id = :id")
	r.say("prepare named: %v", err)
	r.point("db_prepare SELECT name")
	for id := range 2 {
		var name string
		err := prepared.GetContext(ctx, &name, map[string]any{"id": id + 1})
		r.say("prepared named: %q %v", name, err)
		r.point("db SELECT name rows=1")
	}
	r.say("close: %v", prepared.Close())
}

func (r *transcript) transactions(ctx context.Context, db *sqlx.DB, d database) {
	for _, commit := range []bool{true, false} {
		tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: d.isolation})
		r.say("begin: %v", err)
		if err != nil {
			return
		}
		res, err := tx.ExecContext(ctx, tx.Rebind("UPDATE goods SET n = ? WHERE id = 1"), 50)
		r.result(res, err)
		end, word := tx.Rollback, "ROLLBACK"
		if commit {
			end, word = tx.Commit, "COMMIT"
		}
		r.say("end: %v %v", end(), tx.Rollback())
		r.point("db BEGIN", "db UPDATE goods rows_affected="+affected(d, commit), "db "+word)
	}
	tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelLinearizable})
	r.say("begin: %v %v", tx == nil, err)
	if err == nil {
		r.say("rollback: %v", tx.Rollback())
		r.point("db BEGIN", "db ROLLBACK")
	} else {
		r.point("db BEGIN failed")
	}
	if tx, err := db.BeginTxx(ctx, &sql.TxOptions{ReadOnly: true}); err == nil {
		res, err := tx.ExecContext(ctx, "DELETE FROM goods WHERE id = 99")
		r.result(res, err)
		r.say("rollback: %v", tx.Rollback())
		failed := "rows_affected=0"
		if err != nil {
			failed = "failed"
		}
		r.point("db BEGIN", "db DELETE FROM "+failed, "db ROLLBACK")
	}
}

// affected: the second time nothing changes, which only MySQL counts.
func affected(d database, first bool) string {
	if d.driver == "mysql" && !first {
		return "0"
	}
	return "1"
}

func (r *transcript) failures(ctx context.Context, db *sqlx.DB, d database) {
	_, err := db.ExecContext(ctx, "SELEKT 1")
	r.say("syntax: %T %v", err, err)
	r.point("db SELEKT 1 failed")
	_, err = db.ExecContext(ctx, db.Rebind("INSERT INTO goods (name) VALUES (?)"), "anvil")
	r.say("duplicate: %T %v", err, err)
	r.point("db INSERT INTO failed")
	missing, err := db.PrepareContext(ctx, "SELECT * FROM nowhere")
	r.say("prepare: %T %v", err, err)
	if err != nil {
		r.point("db_prepare SELECT * failed")
	} else { // as older SQLite drivers do, which look at a statement when it runs
		r.point("db_prepare SELECT *")
		r.say("close: %v", missing.Close())
	}

	short, cancel := context.WithCancel(ctx)
	defer cancel()
	if d.runs == nil {
		timer := time.AfterFunc(150*time.Millisecond, cancel)
		defer timer.Stop()
	} else {
		go func() {
			select {
			case <-d.runs:
				cancel()
			case <-short.Done():
			}
		}()
	}
	err = db.QueryRowContext(short, d.slow).Scan(new(any))
	r.say("cancelled: %v %v", errors.Is(err, context.Canceled), err)
	r.point("db " + firstWords(d.slow) + " cancelled")
	err = db.PingContext(ctx)
	r.say("ping: %v", err)

	conn, err := db.Conn(ctx)
	r.say("conn: %v", err)
	err = conn.Raw(func(c any) error {
		r.say("raw: %v", d.own(sqltrace.Unwrap(c)))
		return nil
	})
	r.say("raw: %v %v", err, conn.Close())
}
