package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	xsam "github.com/XSAM/otelsql"
	"github.com/luna-duclos/instrumentedsql"
	"github.com/ngrok/sqlmw"
	uptrace "github.com/uptrace/opentelemetry-go-extra/otelsql"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace"
	sondeotelsql "github.com/sonde-go/sonde/sqltrace/otelsql"
	"github.com/sonde-go/sonde/sqltrace/sqlcheck"
)

func sqlSuite() suite {
	st := suite{
		title: "database/sql",
		doc:   "`bare` is the driver made for these checks, without a wrapper.",
	}
	for _, c := range sqlcheck.Checks() {
		st.checks = append(st.checks, c.Name)
	}
	traced, _ := newService().Begin(context.Background(), profiler.Opening{Name: "root"})
	add := func(name, module, how string, ctx context.Context, wrap func(driver.Connector) driver.Connector) {
		s := sqlcheck.Subject{Name: name, Wrap: wrap, Context: func() context.Context { return ctx }}
		st.subjects = append(st.subjects, subject{name, module, how, func(i int) verdict {
			r := sqlcheck.Checks()[i].Run(s)
			v := failed(r.Err)
			v.Caveat = r.Caveat
			return v
		}})
	}
	bg := context.Background()
	provider := trace.NewTracerProvider()
	drivers := sqlcheck.WrapDriver

	mine := func(c driver.Connector) driver.Connector { return sqltrace.Wrap(c) }
	bridge := func(c driver.Connector) driver.Connector { return sondeotelsql.Wrap(c) }
	add("bare", "", "", bg, sqlcheck.Bare().Wrap)
	add("Sonde, untraced", "", "`sqltrace.Wrap`", bg, mine)
	add("Sonde, traced", "", "`sqltrace.Wrap`", traced, mine)
	add("Sonde's otelsql, untraced", "", "`sondeotelsql.Wrap`", bg, bridge)
	add("Sonde's otelsql, traced", "", "`sondeotelsql.Wrap`", traced, bridge)
	add("otelsql", "github.com/XSAM/otelsql", "`WrapDriver`", bg, drivers(func(d driver.Driver) driver.Driver {
		return xsam.WrapDriver(d, xsam.WithTracerProvider(provider))
	}))
	add("sqlmw", "github.com/ngrok/sqlmw", "`Driver` with a `NullInterceptor`", bg, drivers(func(d driver.Driver) driver.Driver {
		return sqlmw.Driver(d, &sqlmw.NullInterceptor{})
	}))
	add("uptrace otelsql", "github.com/uptrace/opentelemetry-go-extra/otelsql", "`Open`", bg, drivers(func(d driver.Driver) driver.Driver {
		return uptraceDriver(d, uptrace.WithTracerProvider(provider))
	}))
	add("instrumentedsql", "github.com/luna-duclos/instrumentedsql", "`WrapDriver` with a tracer that does nothing", bg, drivers(func(d driver.Driver) driver.Driver {
		return instrumentedsql.WrapDriver(d)
	}))
	return st
}

// uptraceDriver is the driver of a database that uptrace's Open makes: the
// package wraps by name only.
func uptraceDriver(d driver.Driver, opts ...uptrace.Option) driver.Driver {
	later := &lateDriver{Driver: d}
	name := fmt.Sprint("uptrace", len(sql.Drivers()))
	sql.Register(name, later)
	db := must(uptrace.Open(name, "", opts...))
	wrapped := db.Driver()
	check(db.Close())
	later.ready = true
	return wrapped
}

// lateDriver keeps its connectors back until the databases of Open are closed,
// which would close them.
type lateDriver struct {
	driver.Driver
	ready bool
}

func (d *lateDriver) OpenConnector(name string) (driver.Connector, error) {
	if !d.ready {
		return none{d}, nil
	}
	return d.Driver.(driver.DriverContext).OpenConnector(name)
}

// none is a connector that is never used.
type none struct{ d driver.Driver }

func (none) Connect(context.Context) (driver.Conn, error) { return nil, errors.ErrUnsupported }
func (n none) Driver() driver.Driver                      { return n.d }
