package sqlcheck

//lint:file-ignore SA1019 Wrappers are checked for the deprecated interfaces too.

import (
	"context"
	"database/sql/driver"
	"io"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

// An iface is an optional interface. Where the driver has one of instead, the
// wrapper may have the interface all the same; where any is set, always.
type iface struct {
	name    string
	has     func(any) bool
	instead func(any) bool
}

func has[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

func always(any) bool { return true }

var connInterfaces = []iface{
	{"Pinger", has[driver.Pinger], nil},
	{"ExecerContext", has[driver.ExecerContext], has[driver.Execer]},
	{"Execer", has[driver.Execer], nil},
	{"QueryerContext", has[driver.QueryerContext], has[driver.Queryer]},
	{"Queryer", has[driver.Queryer], nil},
	{"ConnPrepareContext", has[driver.ConnPrepareContext], always},
	{"ConnBeginTx", has[driver.ConnBeginTx], always},
	{"SessionResetter", has[driver.SessionResetter], nil},
	{"Validator", has[driver.Validator], nil},
	{"NamedValueChecker", has[driver.NamedValueChecker], nil},
}

var stmtInterfaces = []iface{
	{"StmtExecContext", has[driver.StmtExecContext], always},
	{"StmtQueryContext", has[driver.StmtQueryContext], always},
	{"NamedValueChecker", has[driver.NamedValueChecker], nil},
	{"ColumnConverter", has[driver.ColumnConverter], nil},
}

var rowsInterfaces = []iface{
	{"RowsNextResultSet", has[driver.RowsNextResultSet], nil},
	{"RowsColumnTypeScanType", has[driver.RowsColumnTypeScanType], nil},
	{"RowsColumnTypeDatabaseTypeName", has[driver.RowsColumnTypeDatabaseTypeName], nil},
	{"RowsColumnTypeLength", has[driver.RowsColumnTypeLength], nil},
	{"RowsColumnTypeNullable", has[driver.RowsColumnTypeNullable], nil},
	{"RowsColumnTypePrecisionScale", has[driver.RowsColumnTypePrecisionScale], nil},
}

// methodChecks has a check for each optional interface.
func methodChecks() []Check {
	var l []Check
	for _, i := range connInterfaces {
		l = append(l, Check{"methods/Conn/" + i.name, func(e *env) { e.connMethods(i) }})
	}
	for _, i := range stmtInterfaces {
		l = append(l, Check{"methods/Stmt/" + i.name, func(e *env) { e.stmtMethods(i) }})
	}
	for _, i := range rowsInterfaces {
		l = append(l, Check{"methods/Rows/" + i.name, func(e *env) { e.rowsMethods(i) }})
	}
	return append(l, Check{"methods/Connector/Closer", closerMethods})
}

func (e *env) compare(i iface, shape string, bare, wrapped any) {
	switch {
	case i.has(bare) && !i.has(wrapped):
		e.errorf("the wrapper lacks %s, which the driver has (%s)", i.name, shape)
	case !i.has(bare) && i.has(wrapped) && (i.instead == nil || !i.instead(bare)):
		e.errorf("the wrapper has %s, which the driver lacks (%s)", i.name, shape)
	}
}

func (e *env) connMethods(i iface) {
	for _, shape := range connShapes {
		var bare driver.Conn
		s := modern()
		s.Conn = func(c *fakedb.Conn) driver.Conn {
			bare = shape.add(c)
			return bare
		}
		c := e.connect(s)
		e.compare(i, shape.name, bare, c)
		e.must(c.Close())
	}
}

func (e *env) stmtMethods(i iface) {
	for _, shape := range stmtShapes {
		var bare driver.Stmt
		s := modern()
		s.Stmt = func(st *fakedb.Stmt) driver.Stmt {
			bare = shape.add(st)
			return bare
		}
		c := e.connect(s)
		wrapped, err := c.Prepare("ROWS 1")
		e.must(err)
		e.compare(i, shape.name, bare, wrapped)
		e.must(wrapped.Close())
		e.must(c.Close())
	}
}

func (e *env) rowsMethods(i iface) {
	for _, shape := range rowsShapes {
		var bare driver.Rows
		s := modern()
		s.Rows = func(r *fakedb.Rows) driver.Rows {
			bare = shape.add(r)
			return bare
		}
		c := e.connect(s)
		q, ok := c.(driver.QueryerContext)
		if !ok {
			e.errorf("the wrapper lacks QueryerContext")
			return
		}
		wrapped, err := q.QueryContext(e.ctx, "ROWS 1", nil)
		e.must(err)
		e.compare(i, shape.name, bare, wrapped)
		e.must(wrapped.Close())
		e.must(c.Close())
	}
}

func (e *env) connect(s *fakedb.Server) driver.Conn {
	c, err := e.subject.Wrap(s).Connect(e.ctx)
	e.must(err)
	return c
}

func closerMethods(e *env) {
	closer := iface{"io.Closer", has[io.Closer], nil}
	for name, bare := range map[string]driver.Connector{
		"without":  modern(),
		"with one": closing{modern(), new(int), nil},
	} {
		e.compare(closer, name, bare, e.subject.Wrap(bare))
	}
}

// closing is a connector with a Close.
type closing struct {
	driver.Connector
	closed *int
	err    error
}

func (c closing) Close() error {
	*c.closed++
	return c.err
}

// refusing is a connector that makes no connection.
type refusing struct {
	driver.Connector
	err error
}

func (c refusing) Connect(context.Context) (driver.Conn, error) { return nil, c.err }
