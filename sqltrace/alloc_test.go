package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"math"
	"runtime/debug"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// discard is a sink.
type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }

// tracedContext returns a context with a trace below parent, and what waits
// until the trace's records are delivered.
func tracedContext(t testing.TB, parent context.Context) (ctx context.Context, flush func()) {
	keys, err := header.ParseKeys("key")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{Name: "test", Keys: keys, Sink: discard{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Close(context.Background()) })
	ctx, root := svc.Begin(parent, profiler.Opening{Name: "root"})
	t.Cleanup(func() { root.Stop() })
	return ctx, func() {
		if err := svc.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// tracedAllocs counts the allocations of traced work, with the memory of
// records that were delivered: on a busy machine the queue may not run in
// between.
func tracedAllocs(flush func(), do func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // pools forget at a collection
	least := math.Inf(1)
	for range 3 {
		least = min(least, race.Allocs(50, do))
		flush()
	}
	return least
}

func quiet(s *fakedb.Server) *fakedb.Server {
	s.Quiet = true
	return s
}

// work is what is measured: it works on a driver's connection as database/sql
// does.
var work = []struct {
	name   string
	server func() *fakedb.Server
	traced float64 // allocations that tracing may add
	do     func(t testing.TB, ctx context.Context, c driver.Conn, stmt driver.Stmt)
}{
	{"query", modern, 2, func(t testing.TB, ctx context.Context, c driver.Conn, _ driver.Stmt) {
		rows, err := c.(driver.QueryerContext).QueryContext(ctx, "ROWS 1", nil)
		drain(t, rows, err)
	}},
	{"exec", modern, 1, func(t testing.TB, ctx context.Context, c driver.Conn, _ driver.Stmt) {
		_, err := c.(driver.ExecerContext).ExecContext(ctx, "UPDATE", nil)
		drain(t, nil, err)
	}},
	{"prepared query", modern, 2, func(t testing.TB, ctx context.Context, _ driver.Conn, s driver.Stmt) {
		rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, nil)
		drain(t, rows, err)
	}},
	{"prepared exec", modern, 1, func(t testing.TB, ctx context.Context, _ driver.Conn, s driver.Stmt) {
		_, err := s.(driver.StmtExecContext).ExecContext(ctx, nil)
		drain(t, nil, err)
	}},
	{"query after ErrSkip", modern, 3, func(t testing.TB, ctx context.Context, c driver.Conn, _ driver.Stmt) {
		if _, err := c.(driver.QueryerContext).QueryContext(ctx, "SKIP", nil); err != driver.ErrSkip {
			t.Fatal(err)
		}
		s, err := c.(driver.ConnPrepareContext).PrepareContext(ctx, "SKIP")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, nil)
		drain(t, rows, err)
		s.Close()
	}},
	{"transaction", modern, 4, func(t testing.TB, ctx context.Context, c driver.Conn, _ driver.Stmt) {
		tx, err := c.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}},
}

func drain(t testing.TB, rows driver.Rows, err error) {
	if err != nil {
		t.Fatal(err)
	}
	if rows == nil {
		return
	}
	var dest [2]driver.Value
	for rows.Next(dest[:]) == nil {
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
}

func connect(t testing.TB, c driver.Connector) (driver.Conn, driver.Stmt) {
	cn, err := c.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s, err := cn.Prepare("ROWS 1")
	if err != nil {
		t.Fatal(err)
	}
	return cn, s
}

func TestAllocs(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	for _, w := range work {
		t.Run(w.name, func(t *testing.T) {
			bareConn, bareStmt := connect(t, quiet(w.server()))
			conn, stmt := connect(t, sqltrace.Wrap(quiet(w.server())))
			ctx := context.Background()
			bare := race.Allocs(500, func() { w.do(t, ctx, bareConn, bareStmt) })
			if n := race.Allocs(500, func() { w.do(t, ctx, conn, stmt) }); n != bare {
				t.Errorf("untraced: %v allocations, bare %v", n, bare)
			}
			for name, parent := range map[string]context.Context{"traced": t.Context(), "traced without an end": ctx} {
				ctx, flush := tracedContext(t, parent)
				n := math.Inf(1)
				for range 4 { // the fingerprints of two statements may stand in each other's way: 1 in 256
					conn, stmt := connect(t, sqltrace.Wrap(quiet(w.server())))
					n = min(n, tracedAllocs(flush, func() { w.do(t, ctx, conn, stmt) })-bare)
				}
				if n > w.traced {
					t.Errorf("%s: %v more allocations than bare, want %v", name, n, w.traced)
				}
			}
		})
	}
}

// TestAllocsOfDB measures through database/sql.
func TestAllocsOfDB(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	bareDB, db := sql.OpenDB(quiet(modern())), open(t, quiet(modern()))
	defer bareDB.Close()
	query := func(ctx context.Context, db *sql.DB) {
		rows, err := db.QueryContext(ctx, "ROWS 1")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		rows.Close()
	}
	ctx := context.Background()
	bare := race.Allocs(500, func() { query(ctx, bareDB) })
	if n := race.Allocs(500, func() { query(ctx, db) }); n != bare {
		t.Errorf("untraced: %v allocations, bare %v", n, bare)
	}
	ctx, flush := tracedContext(t, t.Context())
	bare = race.Allocs(500, func() { query(ctx, bareDB) })
	n := math.Inf(1)
	for range 4 { // whether database/sql starts a new goroutine or takes an old one is up to chance
		n = min(n, tracedAllocs(flush, func() { query(ctx, db) })-bare)
	}
	if n > 2 {
		t.Errorf("traced: %v more allocations than bare, want 2", n)
	}
}

func BenchmarkConn(b *testing.B) {
	for _, w := range work {
		for _, kind := range []string{"bare", "untraced", "traced"} {
			b.Run(w.name+"/"+kind, func(b *testing.B) {
				var c driver.Connector = quiet(w.server())
				ctx := context.Background()
				if kind != "bare" {
					c = sqltrace.Wrap(c)
				}
				if kind == "traced" {
					ctx, _ = tracedContext(b, b.Context())
				}
				conn, stmt := connect(b, c)
				b.ReportAllocs()
				for b.Loop() {
					w.do(b, ctx, conn, stmt)
				}
			})
		}
	}
}
