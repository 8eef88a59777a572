package sqltest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
)

var listAll = drivers.Query{}

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

func (e *Engine) testWrongPassword(t *testing.T) {
	d := open(t, e.URL("geheim%40:geheim", e.Exists))
	defer d.Close()
	checkRefused(t, "Notify", d.Notify(t.Context(), drivertest.Trace(2, 0)))
	for name, err := range map[string]error{
		"Ping":    d.Ping(t.Context()),
		"Delete":  d.Delete(t.Context(), "x"),
		"Records": lastError(d.Records(t.Context(), "x")),
		"Traces":  lastError(d.Traces(t.Context(), listAll)),
	} {
		if err == nil || strings.ContainsAny(err.Error(), "\n\t") || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: not one line without the password: %v", name, err)
		}
	}
}

func lastError[T any](seq func(func(T, error) bool)) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
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

// testFrozen lets the server stand still in the middle of everything.
func (e *Engine) testFrozen(t *testing.T) {
	d := e.Open(t, e.Database(t))
	defer d.Close()
	first, second := drivertest.Trace(10, 0), drivertest.Trace(10, 0)
	if err := d.Notify(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	e.Server.Freeze()
	defer e.Server.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := d.Notify(ctx, second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Notify: %v, want that the deadline is exceeded", err)
	}
	for range d.Records(ctx, first[0].Trace().String()) {
	}
	e.Server.Thaw()
	if err := d.Notify(t.Context(), second); err != nil {
		t.Errorf("Notify after the thaw: %v", err)
	}
	for _, events := range [][]record.Event{first, second} {
		if n := distinct(collect(t, d, events[0].Trace().String())); n != 10 {
			t.Errorf("%d records, want 10", n)
		}
	}
}

func distinct(records []record.Record) int {
	seen := map[[2]string]bool{}
	for _, r := range records {
		seen[[2]string{r.Point, r.Name}] = true
	}
	return len(seen)
}

// testKilled kills the server under load and starts it again: what was
// acknowledged is there, and delivery goes on.
func (e *Engine) testKilled(t *testing.T) {
	d := e.Open(t, e.Database(t))
	defer d.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	var acknowledged, failures atomic.Int64
	var stop atomic.Bool
	var stored [][]record.Event
	done := make(chan error)
	go func() {
		for !stop.Load() {
			events := drivertest.Trace(50, 0)
			err := notify(ctx, d, events, func(error) {
				failures.Add(1)
				time.Sleep(5 * time.Millisecond)
			})
			if err != nil {
				done <- err
				return
			}
			stored = append(stored, events)
			acknowledged.Add(1)
		}
		done <- nil
	}()
	await := func(n *atomic.Int64, more int64) {
		for want := n.Load() + more; n.Load() < want && ctx.Err() == nil; {
			time.Sleep(time.Millisecond)
		}
	}
	await(&acknowledged, 20)
	e.Server.Kill()
	await(&failures, 1)
	e.Server.Restart()
	await(&acknowledged, 20)
	stop.Store(true)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i, events := range stored {
		if n := distinct(collect(t, d, events[0].Trace().String())); n != len(events) {
			t.Fatalf("of batch %d of %d, which was acknowledged, %d of %d records are stored", i, len(stored), n, len(events))
		}
	}
}

// testDown opens the driver while the server is down.
func (e *Engine) testDown(t *testing.T) {
	database := e.Database(t)
	e.Server.Stop()
	d := e.Open(t, database)
	defer d.Close()
	events := drivertest.Trace(3, 0)
	checkRefused(t, "Notify", d.Notify(t.Context(), events))
	if err := d.Ping(t.Context()); err == nil {
		t.Error("a server that is down answers")
	}
	if err := lastError(d.Records(t.Context(), "x")); err == nil {
		t.Error("a server that is down yields records")
	}
	e.Server.Restart()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := notify(ctx, d, events, func(error) { time.Sleep(5 * time.Millisecond) }); err != nil {
		t.Fatal(err)
	}
	if n := len(collect(t, d, events[0].Trace().String())); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
}
