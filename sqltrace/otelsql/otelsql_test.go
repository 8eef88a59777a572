package sondeotelsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/XSAM/otelsql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
	sondeotelsql "github.com/sonde-go/sonde/sqltrace/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func traced(t testing.TB) (context.Context, *profilertest.Recorder) {
	svc, rec := profilertest.New(t, "svc")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	t.Cleanup(func() { p.Stop() })
	return ctx, rec
}

func closed(t testing.TB, db *sql.DB) *sql.DB {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func at(info map[string]any, path ...string) any {
	var v any = info
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// statements are the points of rec in the order of starting: their names and
// statements, and whether they ended well.
func statements(t testing.TB, rec *profilertest.Recorder) []string {
	var all []string
	for _, p := range rec.Points(t) {
		if p.Name == "root" {
			continue
		}
		line := fmt.Sprint(p.Name)
		if s := at(p.Start, "db", "statement"); s != nil {
			line += fmt.Sprint(" ", s)
		}
		if !p.Stopped {
			line += " OPEN"
		}
		if p.Stop["etype"] != nil {
			line += " FAILED"
		}
		all = append(all, line)
	}
	return all
}

func expect(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// expectPoints takes the points by their statements as they were written, which
// are recorded without their literals.
func expectPoints(t testing.TB, got, want []string) {
	t.Helper()
	hidden := make([]string, len(want))
	for i, statement := range want {
		hidden[i] = sqltext.WithoutLiterals(statement, sqltext.Standard)
	}
	expect(t, "points", got, hidden)
}

// must panics, since it is called in the middle of expressions.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// exercise does what programs do with a database and returns what they see.
func exercise(ctx context.Context, db *sql.DB) (seen []string) {
	see := func(v ...any) { seen = append(seen, fmt.Sprint(v...)) }
	see(db.PingContext(ctx))
	for _, text := range []string{"UPDATE", "SKIP UPDATE", "FAIL", "FAILPREPARE SKIP"} {
		r, err := db.ExecContext(ctx, text, "a", 1)
		see(text, err)
		if err == nil {
			n, err := r.RowsAffected()
			see(n, err)
		}
	}
	for _, text := range []string{"ROWS 2", "SKIP", "ROWS 2 1", "FAIL", "ERRROW 2"} {
		rows, err := db.QueryContext(ctx, text)
		see(text, err)
		if err == nil {
			see(read(rows)...)
		}
	}
	for _, arg := range []any{fakedb.Custom{V: 5}, "remove", "refuse", struct{}{}, sql.Named("n", 1)} {
		rows, err := db.QueryContext(ctx, "ROWS 1", arg)
		see(arg, err)
		if err == nil {
			see(read(rows)...)
		}
		_, err = db.ExecContext(ctx, "UPDATE ?", arg)
		see(err)
	}
	s, err := db.PrepareContext(ctx, "ROWS 1")
	see(err)
	for range 2 {
		rows, err := s.QueryContext(ctx, fakedb.Custom{V: 6})
		see(err)
		if err == nil {
			see(read(rows)...)
		}
		_, err = s.ExecContext(ctx)
		see(err)
	}
	see(s.Close())
	_, err = db.PrepareContext(ctx, "FAILPREPARE")
	see(err)
	for _, o := range []*sql.TxOptions{nil, {Isolation: sql.LevelSerializable}, {ReadOnly: true}} {
		tx, err := db.BeginTx(ctx, o)
		see(err)
		if err != nil {
			continue
		}
		_, err = tx.ExecContext(ctx, "UPDATE")
		see(err)
		see(tx.Commit())
		see(tx.Rollback())
	}
	return seen
}

func read(rows *sql.Rows) (seen []any) {
	types, err := rows.ColumnTypes()
	seen = append(seen, err)
	for _, c := range types {
		length, hasLength := c.Length()
		nullable, hasNullable := c.Nullable()
		precision, scale, hasScale := c.DecimalSize()
		seen = append(seen, c.Name(), c.ScanType(), c.DatabaseTypeName(), length, hasLength, nullable, hasNullable, precision, scale, hasScale)
	}
	for {
		for rows.Next() {
			var n, s any
			seen = append(seen, rows.Scan(&n, &s), n, s)
		}
		if !rows.NextResultSet() {
			break
		}
	}
	return append(seen, rows.Err(), rows.Close())
}

// kinds are drivers with more or fewer of the optional interfaces.
var kinds = map[string]func() *fakedb.Server{
	"plain":  func() *fakedb.Server { return &fakedb.Server{} },
	"modern": modern,
	"old": func() *fakedb.Server {
		return &fakedb.Server{Conn: func(c *fakedb.Conn) driver.Conn {
			return struct {
				*fakedb.Conn
				fakedb.Execer
				fakedb.Queryer
			}{c, fakedb.Execer{C: c}, fakedb.Queryer{C: c}}
		}}
	},
	"executes only": func() *fakedb.Server {
		return &fakedb.Server{Conn: func(c *fakedb.Conn) driver.Conn {
			return struct {
				*fakedb.Conn
				fakedb.ExecerContext
				fakedb.Preparer
			}{c, fakedb.ExecerContext{C: c}, fakedb.Preparer{C: c}}
		}}
	},
	"queries only": func() *fakedb.Server {
		return &fakedb.Server{Conn: func(c *fakedb.Conn) driver.Conn {
			return struct {
				*fakedb.Conn
				fakedb.QueryerContext
				fakedb.Checker
			}{c, fakedb.QueryerContext{C: c}, fakedb.Checker{C: c}}
		}}
	},
	"statement checks": func() *fakedb.Server {
		s := modern()
		s.Stmt = func(s *fakedb.Stmt) driver.Stmt {
			return struct {
				fakedb.PlainStmt
				fakedb.StmtChecker
			}{fakedb.PlainStmt{Stmt: s}, fakedb.StmtChecker{S: s}}
		}
		return s
	},
	"statement converts": func() *fakedb.Server {
		return &fakedb.Server{Stmt: func(s *fakedb.Stmt) driver.Stmt {
			return struct {
				fakedb.PlainStmt
				fakedb.StmtConverter
			}{fakedb.PlainStmt{Stmt: s}, fakedb.StmtConverter{S: s}}
		}}
	},
	"statement checks and converts": func() *fakedb.Server {
		return &fakedb.Server{Stmt: func(s *fakedb.Stmt) driver.Stmt {
			return struct {
				fakedb.PlainStmt
				fakedb.StmtChecker
				fakedb.StmtConverter
			}{fakedb.PlainStmt{Stmt: s}, fakedb.StmtChecker{S: s}, fakedb.StmtConverter{S: s}}
		}}
	},
}

func modern() *fakedb.Server {
	return &fakedb.Server{Conn: fakedb.FullConn, Stmt: fakedb.FullStmt, Rows: fakedb.FullRows}
}

// A program sees the same, and so does the driver, with the wrapper and
// without, in a trace and outside.
func TestWrappedBehavesAsUnwrapped(t *testing.T) {
	for kind, server := range kinds {
		t.Run(kind, func(t *testing.T) {
			bare := server()
			db := sql.OpenDB(bare)
			want := exercise(context.Background(), db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			ctx, _ := traced(t)
			for name, ctx := range map[string]context.Context{"untraced": context.Background(), "traced": ctx} {
				s := server()
				db := sondeotelsql.OpenDB(s)
				got := exercise(ctx, db)
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				expect(t, name+" program", got, want)
				expect(t, name+" driver", s.Calls(), bare.Calls())
				if conns, stmts, rows := s.Open(); conns+stmts+rows > 0 {
					t.Errorf("%s: %d connections, %d statements, %d rows stay open", name, conns, stmts, rows)
				}
			}
		})
	}
}

// Untraced calls do not reach otelsql, and what was made without a trace can
// be used in one, and the other way round.
func TestSwitch(t *testing.T) {
	seen := 0
	count := otelsql.WithInstrumentAttributesGetter(
		func(context.Context, otelsql.Method, string, []driver.NamedValue) []attribute.KeyValue {
			seen++
			return nil
		})
	db := closed(t, sondeotelsql.OpenDB(modern(), count))
	exercise(context.Background(), db)
	if seen > 0 {
		t.Errorf("otelsql has seen %d untraced calls", seen)
	}
	ctx, rec := traced(t)
	plain := must(db.Prepare("ROWS 1"))
	defer plain.Close()
	inTrace := must(db.PrepareContext(ctx, "ROWS 2"))
	defer inTrace.Close()
	for _, s := range []*sql.Stmt{plain, inTrace} {
		if n := len(read(must(s.Query()))); n < 20 {
			t.Errorf("%d things read", n)
		}
		if n := len(read(must(s.QueryContext(ctx)))); n < 20 {
			t.Errorf("%d things read", n)
		}
	}
	expectPoints(t, statements(t, rec), []string{"db_prepare ROWS 2", "db ROWS 1", "db ROWS 2"})
}

func TestOneQueryIsOnePoint(t *testing.T) {
	below, _ := rowsBelow()
	for name, opts := range map[string][]otelsql.Option{
		"default":         nil,
		"rows below":      {otelsql.WithSpanOptions(below)},
		"no rows":         {otelsql.WithSpanOptions(otelsql.SpanOptions{OmitRows: true})},
		"no ErrSkip":      {otelsql.WithSpanOptions(otelsql.SpanOptions{DisableErrSkip: true})},
		"other formatter": {otelsql.WithSpanNameFormatter(func(context.Context, otelsql.Method, string) string { return "x" })},
	} {
		t.Run(name, func(t *testing.T) {
			db := closed(t, sondeotelsql.OpenDB(modern(), opts...))
			ctx, rec := traced(t)
			if name == "other formatter" { // hides what a call is about
				read(must(db.QueryContext(context.Background(), "ROWS 2")))
			}
			for _, text := range []string{"ROWS 2", "SKIP"} {
				rows := must(db.QueryContext(ctx, text))
				if p := rec.Named(t, "db"); name != "no rows" && p[len(p)-1].Stopped {
					t.Error("the point is over before its rows are read")
				}
				read(rows)
			}
			if _, err := db.ExecContext(ctx, "SKIP UPDATE"); err != nil {
				t.Error(err)
			}
			got := slices.DeleteFunc(statements(t, rec), func(s string) bool { return s == "db_connect" })
			expectPoints(t, got, []string{"db ROWS 2", "db SKIP", "db SKIP UPDATE"})
		})
	}
}

// rowsBelow asks for RowsChildOfQuery. The oldest release that this module
// builds with does not have it.
func rowsBelow() (o otelsql.SpanOptions, ok bool) {
	below := reflect.ValueOf(&o).Elem().FieldByName("RowsChildOfQuery")
	if below.IsValid() {
		below.SetBool(true)
	}
	return o, below.IsValid()
}

func TestBadConnectionIsTriedAgain(t *testing.T) {
	s := modern()
	db := closed(t, sondeotelsql.OpenDB(s))
	ctx, rec := traced(t)
	read(must(db.Query("ROWS 1")))
	s.Break(0)
	read(must(db.QueryContext(ctx, "ROWS 1")))
	tx := must(db.BeginTx(ctx, nil))
	s.Break(0)
	if _, err := tx.ExecContext(ctx, "UPDATE"); err != driver.ErrBadConn {
		t.Errorf("%v", err)
	}
	_ = tx.Rollback()
	expectPoints(t, statements(t, rec), []string{
		"db_connect", "db ROWS 1", "db BEGIN", "db UPDATE FAILED", "db ROLLBACK FAILED"})
}

// A transaction binds its statements to the connection until it ends, also
// where no reset tells that the connection was in the pool.
func TestBadConnectionAfterTransaction(t *testing.T) {
	s := &fakedb.Server{Conn: func(c *fakedb.Conn) driver.Conn {
		return struct {
			*fakedb.Conn
			fakedb.ExecerContext
			fakedb.Beginner
		}{c, fakedb.ExecerContext{C: c}, fakedb.Beginner{C: c}}
	}}
	db := closed(t, sondeotelsql.OpenDB(s))
	ctx, rec := traced(t)
	tx := must(db.BeginTx(ctx, nil))
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	s.Break(0)
	must(db.ExecContext(ctx, "UPDATE"))
	tx = must(db.BeginTx(ctx, nil))
	s.Break(0)
	if _, err := tx.ExecContext(ctx, "UPDATE"); err != driver.ErrBadConn {
		t.Errorf("%v", err)
	}
	_ = tx.Rollback()
	expectPoints(t, slices.DeleteFunc(statements(t, rec), func(s string) bool { return s == "db_connect" }), []string{
		"db BEGIN", "db COMMIT", "db UPDATE", "db BEGIN", "db UPDATE FAILED", "db ROLLBACK FAILED"})
}

func TestPanicPassesOn(t *testing.T) {
	db := closed(t, sondeotelsql.OpenDB(modern()))
	ctx, rec := traced(t)
	defer func() {
		if v := recover(); v != fakedb.PanicValue {
			t.Errorf("recovered %v", v)
		}
		p := rec.Named(t, "db")
		if len(p) != 1 || p[0].Stop["message"] != fakedb.PanicValue {
			t.Errorf("%+v", p)
		}
	}()
	_, _ = db.ExecContext(ctx, "PANIC")
}

func TestErrorsAndOptions(t *testing.T) {
	s := modern()
	db := closed(t, sondeotelsql.OpenDB(s,
		otelsql.WithAttributes(attribute.String("db.system.name", "fake")),
		otelsql.WithSpanOptions(otelsql.SpanOptions{RowsNext: true})))
	ctx, rec := traced(t)
	_, err := db.ExecContext(ctx, "FAIL")
	if !errors.Is(err, fakedb.ErrFail) {
		t.Fatal(err)
	}
	p := rec.One(t, "db")
	if p.Stop["message"] != fakedb.ErrFail.Error() || at(p.Start, "otel", "attributes", "db.system.name") != "fake" {
		t.Errorf("%+v", p)
	}
	read(must(db.QueryContext(ctx, "ROWS 2")))
	if events := rec.Named(t, "db")[1].Stop["events"].([]any); len(events) != 3 {
		t.Errorf("%v", events)
	}
	if err := db.QueryRowContext(ctx, "ROWS").Scan(nil, nil); err != sql.ErrNoRows {
		t.Errorf("%v", err)
	}
	deadline := s.Ending(ctx, context.DeadlineExceeded, "ExecContext")
	if _, err := db.ExecContext(deadline, "WAIT"); err != context.DeadlineExceeded {
		t.Errorf("%v", err)
	}
	cancelled := s.Ending(ctx, context.Canceled, "ExecContext")
	if _, err := db.ExecContext(cancelled, "WAIT"); err != context.Canceled {
		t.Errorf("%v", err)
	}
	last := rec.Named(t, "db")[2:]
	for i, want := range []any{nil, "timeout", "cancelled"} {
		if last[i].Stop["outcome"] != want || (last[i].Stop["etype"] != nil) != (want == "timeout") {
			t.Errorf("%d: %v", i, last[i].Stop)
		}
	}
}

type closer struct {
	*fakedb.Server
	closed int
}

func (c *closer) Close() error { c.closed++; return nil }

func TestConnector(t *testing.T) {
	c := &closer{Server: modern()}
	w := sondeotelsql.Wrap(c)
	if sondeotelsql.Wrap(w) != w {
		t.Error("wrapped twice")
	}
	db := sql.OpenDB(w)
	if db.Driver() != c.Driver() {
		t.Errorf("the driver is %T", db.Driver())
	}
	ctx, _ := traced(t)
	for _, ctx := range []context.Context{context.Background(), ctx} {
		conn := must(db.Conn(ctx))
		err := conn.Raw(func(raw any) error {
			if _, ok := sqltrace.Unwrap(raw).(driver.SessionResetter); !ok || sqltrace.Unwrap(raw) == raw {
				t.Errorf("the connection is %T", raw)
			}
			return nil
		})
		if err := errors.Join(err, conn.Close()); err != nil {
			t.Error(err)
		}
	}
	if err := db.Close(); err != nil || c.closed != 1 {
		t.Errorf("%v, closed %d times", err, c.closed)
	}
	if _, err := sondeotelsql.Open("no such driver", ""); err == nil {
		t.Error("opened")
	}
}

// real is what is done with a real database, through unmodified otelsql.
func real(t *testing.T, db *sql.DB, placeholder string) {
	ctx, rec := traced(t)
	insert := "INSERT INTO sonde (n, s) VALUES (" + placeholder + ", 'x')"
	if _, err := db.Exec("CREATE TABLE sonde (n INTEGER PRIMARY KEY, s TEXT)"); err != nil {
		t.Fatal(err)
	}
	tx := must(db.BeginTx(ctx, nil))
	for n := range 3 {
		if _, err := tx.ExecContext(ctx, insert, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, insert, 1); err == nil {
		t.Error("a duplicate was stored")
	}
	var got []string
	for _, ctx := range []context.Context{ctx, context.Background()} {
		rows := must(db.QueryContext(ctx, "SELECT n, s FROM sonde ORDER BY n"))
		got = append(got, fmt.Sprint(read(rows)...))
	}
	if got[0] != got[1] || !strings.Contains(got[0], "2x<nil>") {
		t.Errorf("traced %s\nuntraced %s", got[0], got[1])
	}
	want := []string{"db BEGIN", "db " + insert, "db " + insert, "db " + insert, "db COMMIT", "db " + insert + " FAILED",
		"db SELECT n, s FROM sonde ORDER BY n"}
	expectPoints(t, slices.DeleteFunc(statements(t, rec), func(s string) bool { return s == "db_connect" }), want)
}

func TestSQLite(t *testing.T) {
	db, err := sondeotelsql.Open("sqlite", t.TempDir()+"/db")
	if err != nil {
		t.Fatal(err)
	}
	real(t, closed(t, db), "?")
}

func TestPostgreSQL(t *testing.T) {
	server := servertest.Postgres(t)
	db, err := sondeotelsql.Open("pgx", "postgres://postgres@"+server.Addr+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	real(t, closed(t, db), "$1")
}

// otelsql without the switch, as oteltrace's page says.
func TestOtelsqlAlone(t *testing.T) {
	spans, ok := rowsBelow()
	if !ok {
		t.Skip("this otelsql has no RowsChildOfQuery")
	}
	spans.OmitConnResetSession = true
	db := closed(t, must(otelsql.Open("sqlite", t.TempDir()+"/db",
		otelsql.WithTracerProvider(oteltrace.NewTracerProvider()), otelsql.WithSpanOptions(spans))))
	ctx, rec := traced(t)
	read(must(db.QueryContext(ctx, "SELECT 1, 2")))
	read(must(db.QueryContext(context.Background(), "SELECT 3, 4")))
	expectPoints(t, statements(t, rec), []string{"db SELECT 1, 2"})
}
