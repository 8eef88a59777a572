package sqlcheck_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace"
	"github.com/sonde-go/sonde/sqltrace/sqlcheck"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBare: the checks ask for nothing that the bare driver does not do.
func TestBare(t *testing.T) { sqlcheck.Run(t, sqlcheck.Bare()) }

func wrap(c driver.Connector) driver.Connector { return sqltrace.Wrap(c) }

func TestUntraced(t *testing.T) {
	sqlcheck.Run(t, sqlcheck.Subject{Name: "sqltrace", Wrap: wrap})
}

func TestTraced(t *testing.T) {
	svc, _ := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	sqlcheck.Run(t, sqlcheck.Subject{Name: "sqltrace", Wrap: wrap, Context: func() context.Context { return ctx }})
}

func TestWrappedTwice(t *testing.T) {
	svc, _ := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	sqlcheck.Run(t, sqlcheck.Subject{
		Name:    "sqltrace",
		Wrap:    func(c driver.Connector) driver.Connector { return wrap(wrap(c)) },
		Context: func() context.Context { return ctx },
	})
}

// TestWrapDriver: a wrapper of drivers can be checked as well.
func TestWrapDriver(t *testing.T) {
	sqlcheck.Run(t, sqlcheck.Subject{Wrap: sqlcheck.WrapDriver(func(d driver.Driver) driver.Driver { return d })})

	opens := sqlcheck.WrapDriver(func(d driver.Driver) driver.Driver { return struct{ driver.Driver }{d} })
	for _, r := range (sqlcheck.Subject{Wrap: opens}).Run() {
		if lost := strings.HasPrefix(r.Check, "connector/") || r.Check == "methods/Connector/Closer" || r.Check == "context/reaches the driver"; r.Err != nil && !lost {
			t.Errorf("%s: %v", r.Check, r.Err)
		}
	}
}

// TestCaveat: a wrapper cannot have sql.Conn.Raw give the driver's connection,
// and no line says that it does.
func TestCaveat(t *testing.T) {
	const check = "connector/Raw gives the driver's connection"
	for name, want := range map[string]struct {
		subject sqlcheck.Subject
		caveat  bool
		cell    string
	}{
		"bare":     {sqlcheck.Bare(), false, "| " + check + " | ok |\n"},
		"sqltrace": {sqlcheck.Subject{Wrap: wrap}, true, "| " + check + " | caveat |\n"},
		"unmarked": {sqlcheck.Subject{Wrap: func(c driver.Connector) driver.Connector { return naiveConnector{c} }}, false, "| " + check + " | **fails** |\n"},
		"two deep": {sqlcheck.Subject{Wrap: func(c driver.Connector) driver.Connector { return rawConnector{rawConnector{c}} }}, true, "| " + check + " | caveat |\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range sqlcheck.Checks() {
				r := c.Run(want.subject)
				if caveat := r.Caveat != ""; caveat != (want.caveat && c.Name == check) {
					t.Errorf("%s: caveat %q", c.Name, r.Caveat)
				}
			}
			var b strings.Builder
			if err := sqlcheck.WriteTable(&b, want.subject); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), want.cell) {
				t.Errorf("the table lacks %q:\n%s", want.cell, b.String())
			}
		})
	}
}

// A rawConnector's connections say what they wrap.
type rawConnector struct{ driver.Connector }

func (c rawConnector) Connect(ctx context.Context) (driver.Conn, error) {
	cn, err := c.Connector.Connect(ctx)
	return rawConn{cn}, err
}

type rawConn struct{ driver.Conn }

func (c rawConn) Raw() driver.Conn { return c.Conn }

func Example() {
	mine := sqlcheck.Subject{Name: "mine", Wrap: func(c driver.Connector) driver.Connector { return naiveConnector{c} }}
	for _, r := range mine.Run() {
		if r.Err != nil {
			fmt.Println(r.Check)
			break
		}
	}
	// Output: methods/Conn/Pinger
}

// A naive wrapper embeds what it wraps.
type naiveConnector struct{ driver.Connector }

func (c naiveConnector) Connect(ctx context.Context) (driver.Conn, error) {
	cn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return naiveConn{cn}, nil
}

type naiveConn struct{ driver.Conn }

func (c naiveConn) Prepare(query string) (driver.Stmt, error) {
	s, err := c.Conn.Prepare(query)
	return naiveStmt{s}, err
}

type naiveStmt struct{ driver.Stmt }

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := sqlcheck.WriteTable(&b, sqlcheck.Bare(), sqlcheck.Subject{Name: "naive", Wrap: func(c driver.Connector) driver.Connector { return naiveConnector{c} }}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| check | bare | naive |\n|---|---|---|\n",
		"| methods/Conn/Pinger | ok | **fails** |\n",
		"| statement/prepared without contexts | ok | ok |\n",
		"- naive, methods/Conn/Pinger: the wrapper lacks Pinger, which the driver has (only Pinger)\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
}
