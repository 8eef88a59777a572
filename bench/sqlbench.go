package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"

	ddsql "github.com/DataDog/dd-trace-go/contrib/database/sql/v2"
	"github.com/XSAM/otelsql"
	"github.com/ngrok/sqlmw"
	"github.com/sonde-go/sonde/sqltrace"
	"go.elastic.co/apm/module/apmsql/v2"
	"go.elastic.co/apm/v2"
	"go.opentelemetry.io/otel/metric/noop"
)

// nothing is a driver whose queries give one row and cost little.
type nothing struct{}

func (nothing) Connect(context.Context) (driver.Conn, error) { return nothingConn{}, nil }
func (nothing) Driver() driver.Driver                        { return nothing{} }
func (nothing) Open(string) (driver.Conn, error)             { return nothingConn{}, nil }

type nothingConn struct{}

func (nothingConn) Prepare(string) (driver.Stmt, error)      { return nil, driver.ErrSkip }
func (nothingConn) Close() error                             { return nil }
func (nothingConn) Begin() (driver.Tx, error)                { return nil, driver.ErrSkip }
func (nothingConn) CheckNamedValue(*driver.NamedValue) error { return nil }
func (nothingConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &oneRow{}, nil
}

type oneRow struct{ done bool }

func (*oneRow) Columns() []string { return []string{"n"} }
func (*oneRow) Close() error      { return nil }
func (r *oneRow) Next(dest []driver.Value) error {
	if r.done {
		return io.EOF
	}
	r.done, dest[0] = true, int64(1)
	return nil
}

func query(db *sql.DB, ctx context.Context) op {
	return each(func() {
		var n int64
		check(db.QueryRowContext(ctx, "SELECT n FROM stock WHERE sku = ?", "widget").Scan(&n))
	})
}

func sqlRows() []row {
	svc := newService()
	ctx := begun(svc)
	placed := newService(callSites)
	placedCtx := begun(placed)
	plain := sql.OpenDB(nothing{})
	mine := sqltrace.OpenDB(nothing{})
	on, off := newOTel(true), newOTel(false)
	quiet := otelsql.WithMeterProvider(noop.NewMeterProvider())
	withOTel := func(p otelsql.Option) *sql.DB { return otelsql.OpenDB(nothing{}, p, quiet) }
	sql.Register("bench-sqlmw", sqlmw.Driver(nothing{}, &sqlmw.NullInterceptor{}))
	mw := must(sql.Open("bench-sqlmw", ""))
	apms := newElastic()
	sql.Register("bench-apmsql", apmsql.Wrap(nothing{}))
	withElastic := must(sql.Open("bench-apmsql", ""))
	bg := context.Background()
	return []row{
		{
			name: "SQL query, untraced", off: true, budget: 25, bare: query(plain, bg), sonde: query(mine, bg),
			peers: peers{otel: query(withOTel(otelsql.WithTracerProvider(off)), bg), elasticAPM: query(withElastic, bg)},
			other: query(mw, bg), who: "sqlmw",
		},
		{
			name: "SQL query, traced", budget: 500, allocs: 2, bare: query(plain, bg), sonde: flushed(func(n int) { query(mine, ctx())(n) }, svc.Flush),
			peers: peers{
				otel: flushed(query(withOTel(otelsql.WithTracerProvider(on)), bg), on.ForceFlush),
				dd:   datadog(query(ddsql.OpenDB(nothing{}), bg)),
				elasticAPM: elastic(apms, inTraces(func(points int) {
					tx := apms.StartTransaction("root", "request")
					query(withElastic, apm.ContextWithTransaction(bg, tx))(points)
					tx.End()
				})),
			},
		},
		{name: "SQL query, traced, with its call site", bare: query(plain, bg), sonde: flushed(func(n int) { query(mine, placedCtx())(n) }, placed.Flush)},
	}
}
