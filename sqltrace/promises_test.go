package sqltrace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// TestBadConnectionAfterTransaction: once a transaction is over its connection
// is like any other, whose failure database/sql hides by trying elsewhere.
func TestBadConnectionAfterTransaction(t *testing.T) {
	for name, finish := range map[string]func(*sql.Tx) error{"COMMIT": (*sql.Tx).Commit, "ROLLBACK": (*sql.Tx).Rollback} {
		t.Run(name, func(t *testing.T) {
			s := &fakedb.Server{} // a driver that is not asked before a connection is used again
			db := open(t, s)
			ctx, end := traced(t)
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := finish(tx); err != nil {
				t.Fatal(err)
			}
			s.Break(0)
			if _, err := db.ExecContext(ctx, "UPDATE"); err != nil {
				t.Fatal(err)
			}
			if n := len(s.Calls("Prepare")); n != 2 {
				t.Fatalf("%d tries, want 2", n)
			}
			points := end()
			if len(points) != 3 || points[2].Stop["etype"] != nil {
				t.Errorf("points %q, want BEGIN, %s and the try that went well", texts(points), name)
			}
		})
	}
}

// TestSkippedStatement: what is prepared after a statement was skipped is a
// part of it only if it is the same statement in the same place of the trace.
func TestSkippedStatement(t *testing.T) {
	const query = "ROWS 1 SKIP"
	for name, test := range map[string]struct {
		text  string
		other bool // below another point
		want  []string
	}{
		"the same":          {query, false, []string{"db", "a"}},
		"another statement": {query + " TOO", false, []string{"db_prepare", "a"}},
		"another caller":    {query, true, []string{"db_prepare", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "test")
			root, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			defer p.Stop()
			a, inA := profiler.Start(root, "a")
			b, inB := profiler.Start(root, "b")
			cn, err := sqltrace.Wrap(modern()).Connect(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cn.(driver.QueryerContext).QueryContext(a, query, nil); err != driver.ErrSkip {
				t.Fatal(err)
			}
			ctx := a
			if test.other {
				ctx = b
			}
			stmt, err := cn.(driver.ConnPrepareContext).PrepareContext(ctx, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if test.want[0] == "db" {
				rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, nil)
				drain(t, rows, err)
			}
			if err := stmt.Close(); err != nil {
				t.Fatal(err)
			}
			names := map[any]string{inA.ID(): "a", inB.ID(): "b"}
			inA.Stop()
			inB.Stop()
			var got []string
			for _, p := range rec.Points(t) {
				if p.Start["db"] != nil {
					got = append(got, p.Name, names[p.Parent])
				}
			}
			if len(got) != 2 || got[0] != test.want[0] || got[1] != test.want[1] {
				t.Errorf("points %q, want %q", got, test.want)
			}
		})
	}
}

// TestManyArgs: of more than a hundred arguments a hundred are recorded; their
// number is told in full.
func TestManyArgs(t *testing.T) {
	for _, n := range []int{99, 100, 101} {
		args := make([]any, n)
		for i := range args {
			args[i] = i
		}
		record := func(a sqltrace.Args) map[string]any {
			db := open(t, modern(), sqltrace.WithArgs(a))
			ctx, end := traced(t)
			if _, err := db.ExecContext(ctx, "X", args...); err != nil {
				t.Fatal(err)
			}
			return end()[0].Start["db"].(map[string]any)
		}
		for _, a := range []sqltrace.Args{sqltrace.ArgsAll(), sqltrace.ArgsShape()} {
			if got := len(record(a)["params"].([]any)); got != min(n, 100) {
				t.Errorf("%d of %d arguments", got, n)
			}
		}
		if got := record(sqltrace.ArgsCount())["param_count"]; got != float64(n) {
			t.Errorf("%v of %d arguments counted", got, n)
		}
	}
}
