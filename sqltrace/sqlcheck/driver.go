package sqlcheck

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// WrapDriver turns a function that wraps drivers, which most wrappers have, into a
// [Subject]'s Wrap. If the wrapped driver makes connectors they are used, as
// sql.Open would.
func WrapDriver(wrap func(driver.Driver) driver.Driver) func(driver.Connector) driver.Connector {
	return func(c driver.Connector) driver.Connector {
		d := wrap(connectorDriver{c})
		if dc, ok := d.(driver.DriverContext); ok {
			wrapped, err := dc.OpenConnector("")
			if err != nil {
				panic(fmt.Sprintf("sqlcheck: OpenConnector: %v", err))
			}
			return wrapped
		}
		return driverConnector{d}
	}
}

// connectorDriver is a driver with one connector.
type connectorDriver struct{ c driver.Connector }

func (d connectorDriver) OpenConnector(string) (driver.Connector, error) { return d.c, nil }

func (d connectorDriver) Open(string) (driver.Conn, error) { return d.c.Connect(context.Background()) }

// driverConnector is what sql.Open makes of a driver without connectors.
type driverConnector struct{ d driver.Driver }

func (c driverConnector) Connect(context.Context) (driver.Conn, error) { return c.d.Open("") }

func (c driverConnector) Driver() driver.Driver { return c.d }
