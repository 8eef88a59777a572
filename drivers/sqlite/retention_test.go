package sqlite

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

const day = 24 * time.Hour

// aged writes traces that began so long ago, and returns their ids.
func aged(t *testing.T, d *drivers.Store, ages ...time.Duration) (ids []string) {
	t.Helper()
	for _, age := range ages {
		trace := drivertest.Trace(4, -age)
		ids = append(ids, trace[0].Trace().String())
		if err := d.Notify(t.Context(), trace); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// TestRetention: a store that is written to forgets what is older than its URL says;
// without a word, and with 0, it keeps all.
func TestRetention(t *testing.T) {
	for option, left := range map[string]int{"": 3, "?retention=30d": 2, "?retention=2d": 1, "?retention=0": 3, "?retention=36h": 1} {
		t.Run(option, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			d := openURL(t, "sqlite:///"+path+"?retention=0")
			ids := aged(t, d, 40*day, 3*day)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			d = openURL(t, "sqlite:///"+path+option)
			defer d.Close()
			ids = append(ids, aged(t, d, 0)...)
			if k, ok := d.Driver().(*keeper); ok {
				watchdog.Await(t, "the first look", k.looking)
			}
			listed := sqltest.Listed(t, d, drivers.Query{})
			if len(listed) != left || listed[0].ID != ids[2] {
				t.Errorf("%d traces are left, want %d: %v", len(listed), left, listed)
			}
		})
	}
}

// TestRetentionAgain looks again when the time has come, and not before.
func TestRetentionAgain(t *testing.T) {
	d := openURL(t, "sqlite:///"+filepath.Join(t.TempDir(), "a.db")+"?retention=30d")
	defer d.Close()
	k := d.Driver().(*keeper)
	aged(t, d, 0)
	watchdog.Await(t, "the first look", k.looking)
	aged(t, d, 40*day)
	if n := len(sqltest.Listed(t, d, drivers.Query{})); n != 2 {
		t.Errorf("%d traces, want 2: it looks after each write", n)
	}
	k.look(time.Now().Add(forgetEvery - time.Minute))
	first := k.looking
	k.look(time.Now().Add(forgetEvery))
	if k.looking == first {
		t.Fatal("it does not look again after an hour")
	}
	watchdog.Await(t, "the second look", k.looking)
	if n := len(sqltest.Listed(t, d, drivers.Query{})); n != 1 {
		t.Errorf("%d traces, want 1", n)
	}
}

// TestForget removes many traces while others are written, keeps those that go on,
// and stops at Close.
func TestForget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	d := openURL(t, "sqlite:///"+path+"?retention=0")
	const many = 700
	for i := range many / 100 {
		var batch []record.Event
		for j := range 100 {
			batch = append(batch, drivertest.Trace(8, -40*day+time.Duration(100*i+j)*time.Second)...)
		}
		if err := d.Notify(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	going := drivertest.Trace(4, -40*day) // and goes on until now
	last := record.New(record.Fields{Name: "late", Phase: record.Start, Trace: going[0].Trace(), Parent: going[0].Point(),
		Point: going[0].Point(), Time: time.Now().UnixNano(), Service: "s", Project: "p", Host: "h", Info: []byte("{}")})
	if err := d.Notify(t.Context(), append(going, last)); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openURL(t, "sqlite:///"+path+"?retention=30d")
	k := d.Driver().(*keeper)
	aged(t, d, 0)
	for range 20 { // beside it
		aged(t, d, 0)
	}
	watchdog.Await(t, "the first look", k.looking)
	if n := len(sqltest.Listed(t, d, drivers.Query{})); n != 22 {
		t.Errorf("%d traces are left, want 21 new ones and the one that goes on", n)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}

	closed := keep(nil, day, slog.New(slog.DiscardHandler))
	closed.end()
	closed.look(time.Now())
	if closed.looking != nil {
		t.Error("it looks after Close")
	}
}
