package sqlcheck

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/sonde-go/sonde/sqltrace/internal/fakedb"
)

var connectorChecks = []Check{
	{"connector/Driver is the driver's own", func(e *env) {
		s := modern()
		if d := e.open(s).Driver(); d != (fakedb.Driver{Server: s}) {
			e.errorf("Driver is a %T", d)
		}
	}},
	{"connector/Close is called once", func(e *env) {
		n := 0
		err := e.open(closing{modern(), &n, fakedb.ErrFail}).Close()
		if n != 1 || !errors.Is(err, fakedb.ErrFail) {
			e.errorf("closed %d times, error %v", n, err)
		}
	}},
	{"connector/error of Connect", func(e *env) {
		db := e.open(refusing{modern(), fakedb.ErrFail})
		_, err := db.ExecContext(e.ctx, "X")
		e.is("Exec", err, fakedb.ErrFail)
	}},
	{"connector/connections are closed", func(e *env) {
		s := modern()
		db := e.open(s)
		e.must(db.PingContext(e.ctx))
		e.must(db.Close())
		e.calls(s, []string{"1 Close"}, "Close")
	}},
	{"connector/Raw gives the driver's connection", func(e *env) {
		var own driver.Conn
		s := modern()
		s.Conn = func(c *fakedb.Conn) driver.Conn {
			own = fakedb.FullConn(c)
			return own
		}
		conn := e.conn(e.open(s))
		e.must(conn.Raw(func(c any) error {
			if c == own {
				return nil
			}
			// Wrappers can't but give themselves; they agree on Raw.
			for {
				r, ok := c.(interface{ Raw() driver.Conn })
				if !ok {
					break
				}
				c = r.Raw()
			}
			if c != own {
				e.errorf("Raw gives a %T, the driver's connection is a %T", c, own)
				return nil
			}
			e.caveat = "Raw gives the wrapper, whose method Raw gives the driver's connection"
			return nil
		}))
	}},
}

// conn takes a connection from the pool.
func (e *env) conn(db *sql.DB) *sql.Conn {
	c, err := db.Conn(e.ctx)
	e.must(err)
	e.cleanups = append(e.cleanups, func() { c.Close() })
	return c
}
