package sqltrace_test

// Faults that other wrappers of database/sql have or had, each with a test
// that ours has not.

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"reflect"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// eachMode runs do untraced and traced.
func eachMode(t *testing.T, do func(t *testing.T, ctx context.Context)) {
	t.Run("untraced", func(t *testing.T) { do(t, context.Background()) })
	t.Run("traced", func(t *testing.T) {
		ctx, end := traced(t)
		do(t, ctx)
		end()
	})
}

// The type that a column scans into became interface{}.
func TestFault09_ColumnTypeScanTypeLost(t *testing.T) {
	eachMode(t, func(t *testing.T, ctx context.Context) {
		rows, err := open(t, modern()).QueryContext(ctx, "ROWS 1")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		types, err := rows.ColumnTypes()
		if err != nil || types[0].ScanType() != reflect.TypeFor[int32]() {
			t.Errorf("%v, %v", types[0].ScanType(), err)
		}
	})
}

// Connections that the driver knew to be broken were used again.
func TestFault10_ValidatorNotForwarded(t *testing.T) {
	eachMode(t, func(t *testing.T, ctx context.Context) {
		s := modern()
		s.Valid = func(c *fakedb.Conn) bool { return c.ID > 1 }
		db := open(t, s)
		for range 3 {
			if _, err := db.ExecContext(ctx, "X"); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(s.Calls("Connect", "ExecContext"), ", "); got != "1 Connect, 1 ExecContext X, 2 Connect, 2 ExecContext X, 2 ExecContext X" {
			t.Errorf("calls %s", got)
		}
	})
}

// Arguments that only the column's converter could convert were refused.
func TestFault11_ColumnConverterLost(t *testing.T) {
	eachMode(t, func(t *testing.T, ctx context.Context) {
		s := &fakedb.Server{Stmt: func(st *fakedb.Stmt) driver.Stmt {
			return struct {
				fakedb.PlainStmt
				fakedb.StmtConverter
			}{fakedb.PlainStmt{Stmt: st}, fakedb.StmtConverter{S: st}}
		}}
		if _, err := open(t, s).ExecContext(ctx, "X ?", fakedb.Custom{V: 5}); err != nil {
			t.Fatal(err)
		}
		if got := s.Calls("Exec"); len(got) != 1 || got[0] != "1 StmtExec X ? column 0(5)" {
			t.Errorf("calls %q", got)
		}
	})
}

// Ping failed with driver.ErrSkip if the driver has none.
func TestFault12_PingReturnsErrSkip(t *testing.T) {
	eachMode(t, func(t *testing.T, ctx context.Context) {
		if err := open(t, &fakedb.Server{}).PingContext(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Two queries gave four spans, the rows beside the query and not ended if
// they were not closed.
func TestFault13_SpansOfRows(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	parent, cancel := context.WithCancel(context.Background())
	ctx, root := svc.Begin(parent, profiler.Opening{Name: "root"})
	db := open(t, modern())
	rows, err := db.QueryContext(ctx, "ROWS 2")
	read(t, rows, err)
	if _, err := db.QueryContext(ctx, "ROWS 3"); err != nil { // not closed
		t.Fatal(err)
	}
	root.Stop()
	cancel() // as at the end of a request
	points := rec.Named(t, "db")
	watchdog.Until(t, "the second point to stop", func() bool {
		points = rec.Named(t, "db")
		return len(points) != 2 || points[1].Stopped
	})
	check(t, points,
		"db map[statement:ROWS 2] | map[db:map[rows:2]]",
		"db map[statement:ROWS 3] | map[db:map[rows:0] outcome:cancelled]")
}

// A statement that the driver skipped counted as an error, and twice.
func TestFault_ErrSkipCountedAsError(t *testing.T) {
	db := open(t, modern())
	ctx, end := traced(t)
	if _, err := db.ExecContext(ctx, "X SKIP"); err != nil {
		t.Fatal(err)
	}
	check(t, end(), "db map[statement:X SKIP] | map[db:map[rows_affected:7]]")
}

// Calls outside any request began traces of their own.
func TestFault_SpansWithoutParent(t *testing.T) {
	_, rec := profilertest.New(t, "test")
	db := open(t, modern())
	if _, err := db.Exec("X"); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	if points := rec.Points(t); len(points) != 0 {
		t.Errorf("points %q", texts(points))
	}
}

// Arguments were stored with every statement.
func TestFault_SecretsInArguments(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	db := open(t, modern())
	if _, err := db.ExecContext(ctx, "X ? :pw", "hunter2", sql.Named("pw", "hunter2")); err != nil {
		t.Fatal(err)
	}
	root.Stop()
	for _, p := range rec.Points(t) {
		if s := text(p); strings.Contains(s, "hunter2") {
			t.Error(s)
		}
	}
}

// Comments with trace ids were added to statements, which made each a new one
// to the server's plan cache.
func TestFault_StatementsChanged(t *testing.T) {
	s := modern()
	db := open(t, s)
	ctx, end := traced(t)
	const statement = "/* mine */ SELECT 1 -- end"
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatal(err)
	}
	end()
	if got := s.Calls("ExecContext"); len(got) != 1 || got[0] != "1 ExecContext "+statement {
		t.Errorf("calls %q", got)
	}
}
