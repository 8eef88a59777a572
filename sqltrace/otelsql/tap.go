package sondeotelsql

//lint:file-ignore SA1019 Drivers have the deprecated interfaces.

import (
	"context"
	"database/sql/driver"

	"github.com/sonde-go/sonde/internal/dbcall"
	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
	"github.com/sonde-go/sonde/sqltrace/internal/wrapped"
)

// A tap stands between otelsql and the driver's connection (the picture is in
// package wrapped). It keeps what the driver answers, since otelsql wraps it,
// and lets otelsql adopt connections and statements that were made without it,
// by giving them when otelsql wants new ones:
//
//	db.Query("…")                    conn → driver; there is no tap yet
//	db.QueryContext(traced, "…")     conn: otelsql, connect; the tap adopts conn's connection
//	                                 conn → otelsql → tap → driver
//	stmt := db.Prepare("…")          conn → driver
//	stmt.QueryContext(traced)        stmt: otelsql, prepare; the tap adopts stmt's statement
//	                                 stmt → otelsql → tapStmt → driver
type tap struct {
	bare   driver.Conn
	direct wrapped.Direct

	call  *dbcall.Call // the one that is being made
	adopt driver.Stmt  // what PrepareContext gives instead of preparing
	stmt  driver.Stmt  // the last one prepared
	rows  driver.Rows  // the last ones queried
}

type tapDriver struct{ bare driver.Connector }

func (d tapDriver) Open(string) (driver.Conn, error) {
	return tapConnector(d).Connect(context.Background())
}

func (d tapDriver) OpenConnector(string) (driver.Connector, error) { return tapConnector(d), nil }

type tapConnector struct{ bare driver.Connector }

// adopted is the key of a connection that Connect gives instead of a new one.
type adopted struct{}

func newTap(bare driver.Conn) *tap { return &tap{bare: bare, direct: wrapped.NewDirect(bare)} }

func (c tapConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if bare, ok := ctx.Value(adopted{}).(driver.Conn); ok {
		return newTap(bare), nil
	}
	bare, err := c.bare.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return newTap(bare), nil
}

func (c tapConnector) Driver() driver.Driver { return c.bare.Driver() }

// tapOf is the tap below otelsql's connection.
func tapOf(otel driver.Conn) *tap { return otel.(interface{ Raw() driver.Conn }).Raw().(*tap) }

func (t *tap) answered(err error) error {
	t.call.Err = err
	return err
}

func (t *tap) Prepare(query string) (driver.Stmt, error) { return t.bare.Prepare(query) }

func (t *tap) Close() error { return t.bare.Close() }

func (t *tap) Begin() (driver.Tx, error) { return t.bare.Begin() }

func (t *tap) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r, err := t.direct.Exec(ctx, query, args)
	return r, t.answered(err)
}

func (t *tap) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	var err error
	t.rows, err = t.direct.Query(ctx, query, args)
	return t.rows, t.answered(err)
}

func (t *tap) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := olddriver.Begin(ctx, t.bare, opts)
	return tx, t.answered(err)
}

func (t *tap) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if s := t.adopt; s != nil {
		t.adopt = nil
		return &tapStmt{s, t}, nil
	}
	var err error
	t.stmt, err = olddriver.Prepare(ctx, t.bare, query)
	if err != nil {
		return nil, t.answered(err)
	}
	return &tapStmt{t.stmt, t}, nil
}

func (t *tap) takeRows() driver.Rows {
	r := t.rows
	t.rows = nil
	return r
}

type tapStmt struct {
	driver.Stmt
	tap *tap
}

func (s *tapStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	r, err := olddriver.StmtExec(ctx, s.Stmt, args)
	return r, s.tap.answered(err)
}

func (s *tapStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	var err error
	s.tap.rows, err = olddriver.StmtQuery(ctx, s.Stmt, args)
	return s.tap.rows, s.tap.answered(err)
}
