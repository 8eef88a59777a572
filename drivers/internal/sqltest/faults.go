package sqltest

import (
	"errors"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/record"
)

// checkRefused checks the error of a server that cannot be reached or refuses:
// one line, no password, and nothing was sent.
func checkRefused(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, record.ErrNotSent) {
		t.Errorf("%s: %v, want an error that is ErrNotSent", what, err)
		return
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\t") || strings.Contains(text, "geheim") {
		t.Errorf("%s: not one line without the password: %q", what, text)
	}
}

// testRefusedWrite keeps what a server refuses for reasons that may pass.
func (e *Engine) testRefusedWrite(t *testing.T) {
	database := e.Database(t)
	d := e.Open(t, database)
	defer d.Close()
	events := drivertest.Trace(4, 0)
	if err := d.Notify(t.Context(), events[:2]); err != nil {
		t.Fatal(err)
	}
	e.Exec(t, database, "ALTER TABLE data RENAME COLUMN host TO gone")
	err := d.Notify(t.Context(), events[2:])
	checkRefused(t, "Notify", err)
	var rejected *record.RejectedError
	if errors.As(err, &rejected) {
		t.Errorf("Notify rejects for good: %v", err)
	}
	e.Exec(t, database, "ALTER TABLE data RENAME COLUMN gone TO host")
	if err := d.Notify(t.Context(), events[2:]); err != nil {
		t.Error(err)
	}
	e.Exec(t, database, "DROP TABLE data")
	checkRefused(t, "Notify without the table", d.Notify(t.Context(), events))
	if err := d.Notify(t.Context(), events); err != nil {
		t.Errorf("the table is not made again: %v", err)
	}
	if n := len(collect(t, d, events[0].Trace().String())); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
}

// faults runs the suite. A store without room has a run of its own, since its
// database is on a disk of its own.
func (e *Engine) faults(t *testing.T) {
	faults.Run(t, faults.Harness{
		Lacks: map[faults.Scenario]string{faults.NoRoom: "run by itself, if the server outlives a full disk"},
		New: func(t *testing.T) *faults.Server {
			return e.faulty(t, e.Database(t))
		},
	})
}

func (e *Engine) noRoom(t *testing.T) {
	faults.Run(t, faults.Harness{
		Lacks: faults.Only("run with the other databases", faults.NoRoom),
		New: func(t *testing.T) *faults.Server {
			dir, fill := faults.Disk(t, e.Small)
			database := e.Database(t)
			e.Place(t, database, dir)
			s := e.faulty(t, database)
			s.Fill = fill
			return s
		},
	})
}

func (e *Engine) faulty(t *testing.T, database string) *faults.Server {
	at := func(password, addr string) string {
		return strings.Replace(e.URL(password, database), e.Server.Addr, addr, 1)
	}
	return &faults.Server{
		Addr: e.Server.Addr, Name: " at " + e.Server.Addr, Options: filing,
		URL:  func(addr string) string { return at("", addr) },
		Stop: e.Server.Stop, Start: e.Server.Restart, Kill: e.Server.Kill, Freeze: e.Server.Freeze, Thaw: e.Server.Thaw,
		Wrong: func(*testing.T) string { return at(faults.Secret+"%40:"+faults.Secret, e.Server.Addr) },
		Stored: func(t *testing.T) int {
			if len(e.Texts(t, database, "SELECT 1 FROM information_schema.tables WHERE table_name = 'data' AND '"+database+"' IN (table_schema, table_catalog)")) == 0 {
				return 0
			}
			return len(e.Texts(t, database, "SELECT DISTINCT trace_id, name FROM data"))
		},
	}
}

// testCut: a transaction whose connection ends before the COMMIT has stored
// nothing, and the driver knows. The suite sees to it that this is true.
func (e *Engine) testCut(t *testing.T) {
	p := faults.NewProxy(t, e.Server.Addr)
	d := open(t, strings.Replace(e.URL("", e.Database(t)), e.Server.Addr, p.Addr, 1))
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		p.CutAfter(10 * n)
		if err := d.Notify(t.Context(), drivertest.Trace(4, 0)); errors.Is(err, record.ErrNotSent) {
			return
		}
	}
	t.Error("no connection ended so early that it was known that nothing was stored")
}
