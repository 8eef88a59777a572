package sqlcheck

import (
	"database/sql"
	"fmt"
	"slices"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

var rowsChecks = []Check{
	{"rows/columns", func(e *env) {
		rows, err := e.open(modern()).QueryContext(e.ctx, "ROWS 1")
		e.must(err)
		defer rows.Close()
		if names, err := rows.Columns(); err != nil || !slices.Equal(names, []string{"n", "s"}) {
			e.errorf("columns %q, %v", names, err)
		}
	}},
	{"rows/column types", func(e *env) { e.columnTypes("ROWS 1") }},
	{"rows/column types after ErrSkip", func(e *env) { e.columnTypes("ROWS 1 SKIP") }},
	{"rows/result sets", func(e *env) {
		db := e.open(modern())
		e.rows(2, 0, 3)(db.QueryContext(e.ctx, "ROWS 2 0 3"))
		e.rows(2, 1)(db.QueryContext(e.ctx, "ROWS 2 1 SKIP"))
		e.rows(2)(db.QueryContext(e.ctx, "ROWS 2"))
	}},
	{"rows/one result set only", func(e *env) {
		s := modern()
		s.Rows = named(rowsShapes, "all but NextSet")
		e.rows(2)(e.open(s).QueryContext(e.ctx, "ROWS 2 3"))
	}},
	{"rows/error while reading", func(e *env) {
		s := modern()
		rows, err := e.open(s).QueryContext(e.ctx, "ERRROW 3")
		e.must(err)
		n := 0
		for rows.Next() {
			n++
		}
		if n != 2 {
			e.errorf("%d rows before the error, want 2", n)
		}
		e.is("Err", rows.Err(), fakedb.ErrFail)
		e.calls(s, []string{"1 CloseRows"}, "CloseRows")
	}},
	{"rows/closed early", func(e *env) {
		s := modern()
		db := e.single(s)
		for range 3 {
			e.must(db.QueryRowContext(e.ctx, "ROWS 5").Scan(new(int), new(string)))
			e.must(db.QueryRowContext(e.ctx, "ROWS 5 SKIP").Scan(new(int), new(string)))
		}
		if _, stmts, rows := s.Open(); stmts != 0 || rows != 0 {
			e.errorf("%d statements and %d rows were not closed", stmts, rows)
		}
	}},
	{"rows/raw bytes", func(e *env) {
		rows, err := e.open(modern()).QueryContext(e.ctx, "ROWS 3")
		e.must(err)
		defer rows.Close()
		var got []string
		var n, s sql.RawBytes
		for rows.Next() {
			e.must(rows.Scan(&n, &s))
			got = append(got, string(n)+" "+string(s))
		}
		if want := []string{"1 row 1", "2 row 2", "3 row 3"}; !slices.Equal(got, want) {
			e.errorf("rows %q, want %q", got, want)
		}
	}},
}

// columnTypes compares ColumnTypes with that of the bare driver.
func (e *env) columnTypes(query string) {
	for _, shape := range rowsShapes {
		s := modern()
		s.Rows = shape.add
		bare := sql.OpenDB(s)
		want := e.describe(bare, query)
		e.must(bare.Close())
		got := e.describe(e.open(s), query)
		for i := range want {
			if got[i] != want[i] {
				e.errorf("column %d (%s) is %s, bare %s", i, shape.name, got[i], want[i])
			}
		}
	}
}

func (e *env) describe(db *sql.DB, query string) []string {
	rows, err := db.QueryContext(e.ctx, query)
	e.must(err)
	defer rows.Close()
	types, err := rows.ColumnTypes()
	e.must(err)
	var l []string
	for _, t := range types {
		length, hasLength := t.Length()
		nullable, hasNullable := t.Nullable()
		precision, scale, hasScale := t.DecimalSize()
		l = append(l, fmt.Sprintf("%s %q %v length %d %v nullable %v %v decimal %d %d %v", t.Name(), t.DatabaseTypeName(), t.ScanType(),
			length, hasLength, nullable, hasNullable, precision, scale, hasScale))
	}
	return l
}
