package sondeotelsql_test

import (
	"context"
	"database/sql/driver"
	"testing"

	sondeotelsql "github.com/sonde-go/sonde/sqltrace/otelsql"
	"github.com/sonde-go/sonde/sqltrace/sqlcheck"
)

func TestUntracedPassesSQLCheck(t *testing.T) {
	sqlcheck.Run(t, sqlcheck.Subject{Name: "sondeotelsql", Wrap: func(c driver.Connector) driver.Connector { return sondeotelsql.Wrap(c) }})
}

func TestTracedPassesSQLCheck(t *testing.T) {
	ctx, _ := traced(t)
	sqlcheck.Run(t, sqlcheck.Subject{
		Name:    "sondeotelsql",
		Wrap:    func(c driver.Connector) driver.Connector { return sondeotelsql.Wrap(c) },
		Context: func() context.Context { return ctx },
	})
}
