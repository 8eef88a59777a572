package sqltrace

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/sonde-go/sonde/sqltrace/internal/olddriver"
)

// Register makes the registered driver driverName available as name too, traced,
// for programs in which other code calls [sql.Open]. Prefer [Open]: sqlx and others
// recognise a database by its driver's name. It fails if name is taken or if there
// is no driver driverName. It is safe for concurrent use.
func Register(name, driverName string, opts ...Option) error {
	known := sql.Drivers()
	if slices.Contains(known, name) {
		return fmt.Errorf("sqltrace: a driver %q is already registered", name)
	}
	if !slices.Contains(known, driverName) {
		return fmt.Errorf("sqltrace: unknown driver %q (forgotten import?)", driverName)
	}
	sql.Register(name, registered{driverName, opts})
	return nil
}

// registered is a driver whose connectors are traced.
type registered struct {
	driverName string
	opts       []Option
}

// OpenConnector implements [driver.DriverContext].
func (r registered) OpenConnector(dsn string) (driver.Connector, error) {
	c, err := olddriver.Connector(r.driverName, dsn)
	if err != nil {
		return nil, err
	}
	return Wrap(c, r.opts...), nil
}

// Open implements [driver.Driver].
func (r registered) Open(dsn string) (driver.Conn, error) {
	c, err := r.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}
