package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// modern is a server whose driver has all that modern drivers have.
func modern() *fakedb.Server {
	return &fakedb.Server{Conn: fakedb.FullConn, Stmt: fakedb.FullStmt, Rows: fakedb.FullRows}
}

// traced begins a trace. end finishes it and returns the points below its
// root, but for the connections that were made.
func traced(t testing.TB) (ctx context.Context, end func() []profilertest.Point) {
	t.Helper()
	svc, rec := profilertest.New(t, "test")
	parent, cancel := context.WithCancel(context.Background())
	ctx, root := svc.Begin(parent, profiler.Opening{Name: "root"})
	return ctx, func() []profilertest.Point {
		t.Helper()
		root.Stop()
		cancel()
		points := slices.DeleteFunc(rec.Points(t), func(p profilertest.Point) bool {
			return p.Name == "root" || p.Name == "db_connect"
		})
		for _, p := range points {
			if p.Parent != root.ID() {
				t.Errorf("%s is not below the caller's point", text(p))
			}
		}
		return points
	}
}

// text is a point in one line, without the fingerprint and the arguments' hash.
func text(p profilertest.Point) string {
	if m, ok := p.Start["db"].(map[string]any); ok {
		delete(m, "fingerprint")
		delete(m, "args_hash")
	}
	s := fmt.Sprintf("%s %v", p.Name, p.Start["db"])
	if !p.Stopped {
		return s + " not stopped"
	}
	return fmt.Sprintf("%s | %v", s, p.Stop)
}

func texts(points []profilertest.Point) []string {
	var l []string
	for _, p := range points {
		l = append(l, text(p))
	}
	return l
}

func check(t *testing.T, got []profilertest.Point, want ...string) {
	t.Helper()
	if g := texts(got); !reflect.DeepEqual(g, want) {
		t.Errorf("points:")
		for _, p := range g {
			t.Errorf("  got  %s", p)
		}
		for _, p := range want {
			t.Errorf("  want %s", p)
		}
	}
}

// open opens a database whose points show their statements as they are, since
// it is in their numbers that those of these tests differ.
func open(t testing.TB, s driver.Connector, opts ...sqltrace.Option) *sql.DB {
	t.Helper()
	return openAs(t, s, append(opts, sqltrace.WithLiterals())...)
}

func openAs(t testing.TB, s driver.Connector, opts ...sqltrace.Option) *sql.DB {
	t.Helper()
	db := sqltrace.OpenDB(s, opts...)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// read reads all rows of all result sets.
func read(t *testing.T, rows *sql.Rows, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			var n int64
			var s string
			if err := rows.Scan(&n, &s); err != nil {
				t.Error(err)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}

func TestPoints(t *testing.T) {
	tests := []struct {
		name   string
		server func() *fakedb.Server
		do     func(t *testing.T, ctx context.Context, db *sql.DB)
		want   []string
	}{
		{"query", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			rows, err := db.QueryContext(ctx, "ROWS 3")
			read(t, rows, err)
		}, []string{"db map[statement:ROWS 3] | map[db:map[rows:3]]"}},

		{"exec", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
				t.Error(err)
			}
		}, []string{"db map[statement:UPDATE] | map[db:map[rows_affected:7]]"}},

		{"no row is no failure", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if err := db.QueryRowContext(ctx, "ROWS 0").Scan(new(int64), new(string)); err != sql.ErrNoRows {
				t.Error(err)
			}
		}, []string{"db map[statement:ROWS 0] | map[db:map[rows:0]]"}},

		{"one row of many", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if err := db.QueryRowContext(ctx, "ROWS 5").Scan(new(int64), new(string)); err != nil {
				t.Error(err)
			}
		}, []string{"db map[statement:ROWS 5] | map[db:map[rows:1]]"}},

		{"failure", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if _, err := db.QueryContext(ctx, "FAIL"); err != fakedb.ErrFail {
				t.Error(err)
			}
		}, []string{"db map[statement:FAIL] | map[etype:errors.errorString message:fakedb: as you asked]"}},

		{"failure while reading", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			rows, err := db.QueryContext(ctx, "ERRROW 3")
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
			}
			if rows.Err() != fakedb.ErrFail {
				t.Error(rows.Err())
			}
		}, []string{"db map[statement:ERRROW 3] | map[db:map[rows:2] etype:errors.errorString message:fakedb: as you asked]"}},

		{"result sets", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			rows, err := db.QueryContext(ctx, "ROWS 2 0 4")
			read(t, rows, err)
		}, []string{"db map[statement:ROWS 2 0 4] | map[db:map[result_sets:3 rows:6]]"}},

		{"query that the driver prepares", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			rows, err := db.QueryContext(ctx, "ROWS 2 SKIP ?", 1)
			read(t, rows, err)
		}, []string{"db map[statement:ROWS 2 SKIP ?] | map[db:map[rows:2]]"}},

		{"exec that the driver prepares", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if _, err := db.ExecContext(ctx, "SKIP ?", 1); err != nil {
				t.Error(err)
			}
		}, []string{"db map[statement:SKIP ?] | map[db:map[rows_affected:7]]"}},

		{"preparing fails after a skip", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if _, err := db.ExecContext(ctx, "FAILPREPARE SKIP"); err != fakedb.ErrFail {
				t.Error(err)
			}
		}, []string{"db map[statement:FAILPREPARE SKIP] | map[etype:errors.errorString message:fakedb: as you asked]"}},

		{"arguments are refused after a skip", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if _, err := db.ExecContext(ctx, "SKIP ?"); err == nil {
				t.Error("no error")
			}
		}, nil},

		{"prepared", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			stmt, err := db.PrepareContext(ctx, "ROWS 1")
			if err != nil {
				t.Fatal(err)
			}
			defer stmt.Close()
			for range 2 {
				rows, err := stmt.QueryContext(ctx)
				read(t, rows, err)
			}
			if _, err := stmt.ExecContext(ctx); err != nil {
				t.Error(err)
			}
		}, []string{
			"db_prepare map[statement:ROWS 1] | map[]",
			"db map[statement:ROWS 1] | map[db:map[rows:1]]",
			"db map[statement:ROWS 1] | map[db:map[rows:1]]",
			"db map[statement:ROWS 1] | map[db:map[rows_affected:7]]",
		}},

		{"preparing fails", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if _, err := db.PrepareContext(ctx, "FAILPREPARE"); err != fakedb.ErrFail {
				t.Error(err)
			}
		}, []string{"db_prepare map[statement:FAILPREPARE] | map[etype:errors.errorString message:fakedb: as you asked]"}},

		{"prepared outside of the trace", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			stmt, err := db.Prepare("ROWS 1")
			if err != nil {
				t.Fatal(err)
			}
			defer stmt.Close()
			rows, err := stmt.QueryContext(ctx)
			read(t, rows, err)
			rows, err = stmt.Query()
			read(t, rows, err)
		}, []string{"db map[statement:ROWS 1] | map[db:map[rows:1]]"}},

		{"commit", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(ctx, "UPDATE"); err != nil {
				t.Error(err)
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		}, []string{
			"db map[statement:BEGIN] | map[]",
			"db map[statement:UPDATE] | map[db:map[rows_affected:7]]",
			"db map[statement:COMMIT] | map[]",
		}},

		{"rollback", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		}, []string{"db map[statement:BEGIN] | map[]", "db map[statement:ROLLBACK] | map[]"}},

		{"ping is no point", modern, func(t *testing.T, ctx context.Context, db *sql.DB) {
			if err := db.PingContext(ctx); err != nil {
				t.Error(err)
			}
		}, nil},

		{"untraced", modern, func(t *testing.T, _ context.Context, db *sql.DB) {
			rows, err := db.Query("ROWS 1")
			read(t, rows, err)
			if _, err := db.Exec("UPDATE SKIP"); err != nil {
				t.Error(err)
			}
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		}, nil},

		{"plain old driver", func() *fakedb.Server { return &fakedb.Server{} }, func(t *testing.T, ctx context.Context, db *sql.DB) {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := tx.QueryContext(ctx, "ROWS 2 ?", 1)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
			}
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		}, []string{
			"db map[statement:BEGIN] | map[]",
			"db map[statement:ROWS 2 ?] | map[db:map[prepare:* rows:2]]",
			"db map[statement:COMMIT] | map[]",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.server()
			db := open(t, s)
			ctx, end := traced(t)
			test.do(t, ctx, db)
			points := end()
			for _, p := range points {
				if m, ok := p.Stop["db"].(map[string]any); ok && m["prepare"] != nil {
					if d, err := time.ParseDuration(m["prepare"].(string)); err != nil || d <= 0 {
						t.Errorf("prepare is %v", m["prepare"])
					}
					m["prepare"] = "*"
				}
			}
			check(t, points, test.want...)
			if _, stmts, rows := s.Open(); stmts != 0 || rows != 0 {
				t.Errorf("%d statements and %d rows were not closed", stmts, rows)
			}
		})
	}
}

func TestCancelledIsNoFailure(t *testing.T) {
	for _, query := range []string{"WAIT", "WAITROW 3"} {
		t.Run(query, func(t *testing.T) {
			s := modern()
			db := open(t, s)
			ctx, end := traced(t)
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if query == "WAIT" {
				ctx = s.Ending(ctx, context.Canceled, "QueryContext")
			}
			rows, err := db.QueryContext(ctx, query)
			if err == nil {
				for n := 1; rows.Next(); n++ {
					if n == 2 { // the third waits
						cancel()
					}
				}
				rows.Close()
				err = rows.Err()
			}
			if err != context.Canceled {
				t.Errorf("error %v", err)
			}
			points := end()
			if len(points) != 1 || points[0].Stop["outcome"] != "cancelled" || points[0].Stop["etype"] != nil {
				t.Errorf("points %q", texts(points))
			}
		})
	}
}

func TestTimeoutIsAFailure(t *testing.T) {
	s := modern()
	db := open(t, s)
	ctx, end := traced(t)
	if _, err := db.ExecContext(s.Ending(ctx, context.DeadlineExceeded, "ExecContext"), "WAIT"); err != context.DeadlineExceeded {
		t.Errorf("error %v", err)
	}
	check(t, end(), "db map[statement:WAIT] | map[etype:context.deadlineExceededError message:context deadline exceeded outcome:timeout]")
}

func TestPanicPassesOn(t *testing.T) {
	for _, query := range []string{"PANIC", "PANIC SKIP"} {
		t.Run(query, func(t *testing.T) {
			db := open(t, modern())
			ctx, end := traced(t)
			func() {
				defer func() {
					if v := recover(); v != fakedb.PanicValue {
						t.Errorf("recovered %v", v)
					}
				}()
				_, _ = db.ExecContext(ctx, query)
			}()
			check(t, end(), "db map[statement:"+query+"] | map[etype:panic message:fakedb: panic]")
		})
	}
}

// TestBadConnectionIsRetried: database/sql tries a query again if a reused
// connection turns out to be bad; the tries before are not recorded.
func TestBadConnectionIsRetried(t *testing.T) {
	s := modern()
	db := open(t, s)
	ctx, end := traced(t)
	for range 2 {
		if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
			t.Fatal(err)
		}
		if len(s.Calls("ExecContext")) == 1 {
			s.Break(0)
		}
	}
	check(t, end(),
		"db map[statement:UPDATE] | map[db:map[rows_affected:7]]",
		"db map[statement:UPDATE] | map[db:map[rows_affected:7]]")
}

func TestBadConnectionOfOldDriver(t *testing.T) {
	s := &fakedb.Server{}
	db := open(t, s)
	ctx, end := traced(t)
	if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
		t.Fatal(err)
	}
	s.Break(0)
	if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
		t.Fatal(err)
	}
	if points := end(); len(points) != 2 || points[1].Stop["etype"] != nil {
		t.Errorf("points %q", texts(points))
	}
	if n := len(s.Calls("Prepare")); n != 3 {
		t.Errorf("%d tries, want 3", n)
	}
}

// TestBadConnectionInTransaction: a transaction cannot move to another
// connection, so the user sees the error and so does the trace.
func TestBadConnectionInTransaction(t *testing.T) {
	s := modern()
	db := open(t, s)
	ctx, end := traced(t)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Break(0)
	if _, err := tx.ExecContext(ctx, "UPDATE"); err != driver.ErrBadConn {
		t.Errorf("error %v", err)
	}
	if err := tx.Rollback(); err != driver.ErrBadConn {
		t.Errorf("error %v", err)
	}
	points := end()
	if len(points) != 3 || points[1].Stop["message"] != "driver: bad connection" || points[2].Stop["message"] != "driver: bad connection" {
		t.Errorf("points %q", texts(points))
	}
}

// TestBadConnectionInUntracedTransaction: a transaction that was begun outside
// of the trace cannot move either. After it, and after the pool, the connection
// can be replaced again.
func TestBadConnectionInUntracedTransaction(t *testing.T) {
	s := modern()
	db := open(t, s)
	ctx, end := traced(t)
	if _, err := db.Exec("UPDATE 0"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	s.Break(0)
	if _, err := tx.ExecContext(ctx, "UPDATE 1"); err != driver.ErrBadConn {
		t.Errorf("error %v", err)
	}
	_ = tx.Rollback()
	if tx, err = db.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	s.Break(0)
	if _, err := db.ExecContext(ctx, "UPDATE 2"); err != nil {
		t.Error(err)
	}
	check(t, end(),
		"db map[statement:UPDATE 1] | map[etype:errors.errorString message:driver: bad connection]",
		"db map[statement:UPDATE 2] | map[db:map[rows_affected:7]]")
}

func TestNewConnectionsAreBadToo(t *testing.T) {
	s := modern()
	s.Break(10)
	db := open(t, s)
	ctx, end := traced(t)
	if _, err := db.ExecContext(ctx, "UPDATE"); err != driver.ErrBadConn {
		t.Errorf("error %v", err)
	}
	points := end()
	if len(points) == 0 || points[len(points)-1].Stop["message"] != "driver: bad connection" {
		t.Errorf("points %q", texts(points))
	}
}

// TestHangingQueryIsSeen: a start is withheld until the driver answers, but
// not for ever.
func TestHangingQueryIsSeen(t *testing.T) {
	for _, query := range []string{"WAIT", "ROWS 1"} {
		t.Run(query, func(t *testing.T) {
			svc, rec := profilertest.New(t, "test")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			ctx, cancel := context.WithCancel(ctx)
			db := open(t, modern())
			started, done := make(chan bool), make(chan bool)
			go func() {
				close(started)
				rows, err := db.QueryContext(ctx, query)
				if err == nil {
					<-ctx.Done()
					rows.Close()
				}
				close(done)
			}()
			watchdog.Await(t, "the query", started)
			watchdog.Until(t, "the query's point", func() bool { return len(rec.Named(t, "db")) > 0 })
			if p := rec.One(t, "db"); p.Stopped {
				t.Errorf("%s is stopped", text(p))
			}
			cancel()
			watchdog.Await(t, "the query's end", done)
			root.Stop()
			if p := rec.One(t, "db"); !p.Stopped {
				t.Errorf("%s is not stopped", text(p))
			}
		})
	}
}

// TestRowsAtOnce: a connection that has several rows open, or whose rows are closed
// again, tells them apart.
func TestRowsAtOnce(t *testing.T) {
	ctx, end := traced(t)
	c, err := sqltrace.Wrap(quiet(modern()), sqltrace.WithLiterals()).Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	query := func(text string) driver.Rows {
		rows, err := c.(driver.QueryerContext).QueryContext(ctx, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	dest := make([]driver.Value, 2)
	next := func(rows driver.Rows, want error) {
		t.Helper()
		if err := rows.Next(dest); err != want {
			t.Error(err)
		}
	}
	one, two := query("ROWS 1"), query("ROWS 2")
	next(two, nil)
	next(one, nil)
	next(one, io.EOF)
	one.Close()
	three := query("ROWS 3")
	one.Close()
	next(one, io.EOF)
	next(two, nil)
	for range 3 {
		next(three, nil)
	}
	two.Close()
	three.Close()
	check(t, end(),
		"db map[statement:ROWS 1] | map[db:map[rows:1]]", "db map[statement:ROWS 2] | map[db:map[rows:2]]", "db map[statement:ROWS 3] | map[db:map[rows:3]]")
}

// TestRowsNotClosed: database/sql closes forgotten rows when the context ends;
// without such a context the garbage collector tells.
func TestRowsNotClosed(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	db := open(t, modern())
	forget := func(ctx context.Context) {
		rows, err := db.QueryContext(ctx, "ROWS 3")
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
	}
	forget(ctx)
	watchdog.Until(t, "the rows to be collected", func() bool {
		runtime.GC()
		return rec.One(t, "db").Stopped
	})
	if p := rec.One(t, "db"); p.Stop["outcome"] != "leaked" {
		t.Errorf("%s", text(p))
	}
	cctx, cancel := context.WithCancel(ctx)
	forget(cctx)
	cancel()
	watchdog.Until(t, "the rows to be closed", func() bool { return rec.Named(t, "db")[1].Stopped })
	if p := rec.Named(t, "db")[1]; p.Stop["outcome"] != "cancelled" {
		t.Errorf("%s", text(p))
	}
	root.Stop()
}

func TestDoubleWrapping(t *testing.T) {
	once := sqltrace.Wrap(modern())
	if sqltrace.Wrap(once) != once {
		t.Error("a wrapped connector is wrapped again")
	}
	db := sql.OpenDB(sqltrace.Wrap(other{sqltrace.Wrap(modern())}))
	defer db.Close()
	ctx, end := traced(t)
	if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
		t.Fatal(err)
	}
	check(t, end(), "db map[statement:UPDATE] | map[db:map[rows_affected:7]]")
}

// other is the connector of another wrapper.
type other struct{ driver.Connector }

func TestUnwrap(t *testing.T) {
	var own driver.Conn
	s := modern()
	s.Conn = func(c *fakedb.Conn) driver.Conn {
		own = c
		return c
	}
	db := open(t, s)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Raw(func(driverConn any) error {
		if driverConn == own || sqltrace.Unwrap(driverConn) != own {
			t.Errorf("%T unwraps to %T", driverConn, sqltrace.Unwrap(driverConn))
		}
		if r, ok := driverConn.(interface{ Raw() driver.Conn }); !ok || r.Raw() != own {
			t.Errorf("%T has no Raw", driverConn)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if sqltrace.Unwrap(42) != 42 {
		t.Error("Unwrap changes a value that is not wrapped")
	}
}

func TestConnector(t *testing.T) {
	s := modern()
	w := sqltrace.Wrap(s)
	if d := w.Driver(); d != (fakedb.Driver{Server: s}) {
		t.Errorf("driver %v", d)
	}
	if _, ok := w.(interface{ Close() error }); ok {
		t.Error("the connector can be closed, the driver's cannot")
	}
	closed := 0
	db := sqltrace.OpenDB(closing{s, &closed})
	if err := db.Close(); !errors.Is(err, fakedb.ErrFail) || closed != 1 {
		t.Errorf("closed %d times: %v", closed, err)
	}
}

type closing struct {
	driver.Connector
	n *int
}

func (c closing) Close() error { *c.n++; return fakedb.ErrFail }

var registered atomic.Int64

// register gives s a name of its own among database/sql's drivers.
func register(s *fakedb.Server) string {
	name := fmt.Sprintf("fakedb-%d", registered.Add(1))
	sql.Register(name, fakedb.Driver{Server: s})
	return name
}

func TestOpen(t *testing.T) {
	s := modern()
	db, err := sqltrace.Open(register(s), "dsn")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if db.Driver() != (fakedb.Driver{Server: s}) {
		t.Errorf("driver %v", db.Driver())
	}
	ctx, end := traced(t)
	if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
		t.Fatal(err)
	}
	check(t, end(), "db map[statement:UPDATE] | map[db:map[rows_affected:7]]")
	if _, err := sqltrace.Open("nosuch", ""); err == nil {
		t.Error("no error for an unknown driver")
	}
}

func TestArgs(t *testing.T) {
	args := []any{7, "secret", []byte("b\xff"), nil, 1.5, true, time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	odd := []any{math.NaN(), []byte("text"), fakedb.Custom{V: 5}}
	named := []any{sql.Named("id", 7), sql.Named("pw", "secret")}
	for _, test := range []struct {
		name string
		args sqltrace.Args
		give []any
		want string
	}{
		{"off", sqltrace.Args{}, args, "map[statement:X]"},
		{"count", sqltrace.ArgsCount(), args, "map[param_count:7 statement:X]"},
		{"shape", sqltrace.ArgsShape(), args, "map[params:[int64 string(6) bytes(2) nil float64 bool time.Time] statement:X]"},
		{"allow", sqltrace.ArgsAllow("1", "4"), args, "map[params:[7 string(6) bytes(2) <nil> float64 bool time.Time] statement:X]"},
		{"all", sqltrace.ArgsAll(), args, "map[params:[7 secret bytes(2) <nil> 1.5 true 2026-01-02T03:04:05.000000006Z] statement:X]"},
		{"odd", sqltrace.ArgsAll(), odd, "map[params:[NaN text conn(5)] statement:X]"},
		{"named shape", sqltrace.ArgsShape(), named, "map[params:map[id:int64 pw:string(6)] statement:X]"},
		{"named allow", sqltrace.ArgsAllow("id"), named, "map[params:map[id:7 pw:string(6)] statement:X]"},
		{"none given", sqltrace.ArgsAll(), nil, "map[statement:X]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := open(t, modern(), sqltrace.WithArgs(test.args))
			ctx, end := traced(t)
			if _, err := db.ExecContext(ctx, "X", test.give...); err != nil {
				t.Fatal(err)
			}
			points := end()
			text(points[0])
			if got := fmt.Sprint(points[0].Start["db"]); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestOddResult: a result that the user does not ask may be nil.
func TestOddResult(t *testing.T) {
	s := modern()
	s.Conn = func(c *fakedb.Conn) driver.Conn { return oddConn{c} }
	db := open(t, s)
	ctx, end := traced(t)
	if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
		t.Fatal(err)
	}
	check(t, end(), "db map[statement:UPDATE] | map[]")
}

type oddConn struct{ driver.Conn }

func (oddConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return nil, nil
}

// TestOddConnector: a connector may have no driver, or panic when asked.
func TestOddConnector(t *testing.T) {
	db := sqltrace.OpenDB(oddConnector{modern()})
	defer db.Close()
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
}

type oddConnector struct{ driver.Connector }

func (oddConnector) Driver() driver.Driver { panic("no driver") }

// TestMySQLQuotes: for MySQL, text in double quotes is a value.
func TestMySQLQuotes(t *testing.T) {
	for _, test := range []struct {
		connector driver.Connector
		want      string
	}{
		{modern(), `SELECT "a"`},
		{mysqlConnector{modern()}, "SELECT ?"},
	} {
		db := sqltrace.OpenDB(test.connector)
		ctx, end := traced(t)
		if _, err := db.ExecContext(ctx, `SELECT "a"`); err != nil {
			t.Fatal(err)
		}
		if got := end()[0].Start["db"].(map[string]any)["statement"]; got != test.want {
			t.Errorf("statement %q, want %q", got, test.want)
		}
		db.Close()
	}
}

type mysqlConnector struct{ driver.Connector }

func (mysqlConnector) Driver() driver.Driver { return mysqlDriver{} }

type mysqlDriver struct{ driver.Driver }

// TestStatements: a statement is recorded without its literals unless the option
// says otherwise, and its fingerprint only where that is another text.
func TestStatements(t *testing.T) {
	const secret = "SELECT * FROM t WHERE a = 'secret' AND b IN (1, 2)"
	for _, test := range []struct {
		query                  string
		opts                   []sqltrace.Option
		statement, fingerprint any
	}{
		{secret, nil, "SELECT * FROM t WHERE a = ? AND b IN (?, ?)", "SELECT * FROM t WHERE a = ? AND b IN (?)"},
		{secret, []sqltrace.Option{sqltrace.WithLiterals()}, secret, "SELECT * FROM t WHERE a = ? AND b IN (?)"},
		{"SELECT a FROM t WHERE b = ?", nil, "SELECT a FROM t WHERE b = ?", nil},
		{"SELECT  a -- why\nFROM t", nil, "SELECT  a \nFROM t", "SELECT a FROM t"},
	} {
		db := openAs(t, modern(), test.opts...)
		ctx, end := traced(t)
		for range 3 {
			if _, err := db.ExecContext(ctx, test.query); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range end() {
			if m := p.Start["db"].(map[string]any); m["statement"] != test.statement || m["fingerprint"] != test.fingerprint {
				t.Errorf("%q: %v", test.query, m)
			}
		}
	}
}

// TestArgsHash is equal for equal questions of one trace, and for no others.
func TestArgsHash(t *testing.T) {
	db := open(t, modern())
	hashes := func() (all []any) {
		ctx, end := traced(t)
		for _, call := range []struct {
			query string
			args  []any
		}{
			{"EXEC ?", []any{int64(1)}}, {"EXEC ?", []any{int64(2)}}, {"EXEC ?", []any{int64(1)}}, {"EXEC ?", []any{"1"}},
			{"EXEC ?, ?", []any{"a", "bc"}}, {"EXEC ?, ?", []any{"ab", "c"}}, {"EXEC ?", []any{nil}}, {"EXEC ?", []any{1.5}},
			{"EXEC ?", []any{true}}, {"EXEC ?", []any{time.Unix(1, 0)}}, {"EXEC 7", nil}, {"EXEC 8", nil}, {"EXEC 7", nil}, {"EXEC", nil},
		} {
			if _, err := db.ExecContext(ctx, call.query, call.args...); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range end() {
			all = append(all, p.Start["db"].(map[string]any)["args_hash"])
		}
		return all
	}
	one, other := hashes(), hashes()
	equal := map[int]int{2: 0, 12: 10} // to an earlier one
	for i, h := range one {
		if last := i == len(one)-1; (h == nil) != last {
			t.Errorf("call %d has the hash %v", i, h)
		}
		if h != nil && h == other[i] {
			t.Errorf("call %d has the same hash in another trace", i)
		}
		for j, g := range one[:i] {
			if want, is := equal[i]; (g == h) != (is && want == j) {
				t.Errorf("calls %d and %d have the hashes %v and %v", j, i, g, h)
			}
		}
	}
}

// TestArgsAreMasked by their own names and by those of their columns.
func TestArgsAreMasked(t *testing.T) {
	db := open(t, modern(), sqltrace.WithArgs(sqltrace.ArgsAll()))
	ctx, end := traced(t)
	for _, call := range []struct {
		query string
		args  []any
	}{
		{"EXEC users SET password = ?, name = ? WHERE id = ?", []any{"secret", "bob", 7}},
		{"EXEC INTO users (name, api_key) VALUES (?, ?)", []any{"bob", "secret"}},
		{"EXEC :name, :token", []any{sql.Named("name", "bob"), sql.Named("token", "secret")}},
	} {
		if _, err := db.ExecContext(ctx, call.query, call.args...); err != nil {
			t.Fatal(err)
		}
	}
	var got []any
	for _, p := range end() {
		got = append(got, p.Start["db"].(map[string]any)["params"])
	}
	want := []any{[]any{"***", "bob", 7.0}, []any{"bob", "***"}, map[string]any{"name": "bob", "token": "***"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("params %v, want %v", got, want)
	}
}

func TestConnectIsAPoint(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	refused := errors.New("connection refused")
	for _, fails := range []error{nil, refused} {
		db := sqltrace.OpenDB(connects{modern(), fails})
		for range 2 {
			if err := db.PingContext(ctx); err != fails {
				t.Errorf("error %v", err)
			}
		}
		db.Close()
	}
	root.Stop()
	var got []any
	for _, p := range rec.Named(t, "db_connect") {
		got = append(got, p.Stop["message"])
	}
	if want := []any{nil, "connection refused", "connection refused"}; !reflect.DeepEqual(got, want) {
		t.Errorf("messages %v, want %v", got, want)
	}
}

// connects is a connector that fails if there is an error.
type connects struct {
	driver.Connector
	err error
}

func (c connects) Connect(ctx context.Context) (driver.Conn, error) {
	if c.err != nil {
		return nil, c.err
	}
	return c.Connector.Connect(ctx)
}

func TestRegister(t *testing.T) {
	s := modern()
	bare := register(s)
	name := bare + "-traced"
	if err := sqltrace.Register(name, bare); err != nil {
		t.Fatal(err)
	}
	for how, open := range map[string]func(string, string) (*sql.DB, error){
		"sql.Open":      sql.Open,
		"sqltrace.Open": func(name, dsn string) (*sql.DB, error) { return sqltrace.Open(name, dsn) },
	} {
		db, err := open(name, "dsn")
		if err != nil {
			t.Fatal(err)
		}
		if db.Driver() != (fakedb.Driver{Server: s}) {
			t.Errorf("%s: driver %v", how, db.Driver())
		}
		ctx, end := traced(t)
		if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
			t.Fatal(err)
		}
		check(t, end(), "db map[statement:UPDATE] | map[db:map[rows_affected:7]]")
		db.Close()
	}
	for _, names := range [][2]string{{name, bare}, {"new", "nosuch"}} {
		if err := sqltrace.Register(names[0], names[1]); err == nil {
			t.Errorf("no error for %v", names)
		}
	}
}

// TestWithName: the points of a database have the name that its user gives them.
func TestWithName(t *testing.T) {
	for name, want := range map[string][]string{
		"orders": {"orders_connect", "orders", "orders_prepare"},
		"":       {"db_connect", "db", "db_prepare"},
	} {
		svc, rec := profilertest.New(t, "test")
		ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
		db := open(t, modern(), sqltrace.WithName(name))
		if _, err := db.ExecContext(ctx, "UPDATE t"); err != nil {
			t.Fatal(err)
		}
		stmt, err := db.PrepareContext(ctx, "SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		root.Stop()
		var got []string
		for _, p := range rec.Points(t) {
			if p.Name != "root" {
				got = append(got, p.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: points %v, want %v", name, got, want)
		}
	}
}
