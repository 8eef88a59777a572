package sqlite

import (
	"database/sql"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t testing.TB, url string) drivers.Driver {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{FilterErrorTrace: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func version(t *testing.T) (v string) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT sqlite_version()").Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestConformance(t *testing.T) {
	var path string
	drivertest.Run(t, drivertest.Harness{
		Driver: "sqlite",
		Server: "SQLite " + version(t),
		New: func(t *testing.T) func() drivers.Driver {
			path = t.TempDir() + "/a %23#é.db"
			return func() drivers.Driver { return openURL(t, "sqlite:///"+path) }
		},
		Corrupt: func(t *testing.T, base, raw string) {
			db, err := sql.Open("sqlite", "file:"+escape(path))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("INSERT INTO data (base_id, trace_id, name, data) VALUES (?, 'x', 'db-start', ?)", base, raw); err != nil {
				t.Fatal(err)
			}
		},
	})
}

func BenchmarkNotify(b *testing.B) {
	d := openURL(b, "sqlite:///"+b.TempDir()+"/bench.db")
	defer d.Close()
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		if err := d.Notify(b.Context(), drivertest.Trace(500, 0)); err != nil {
			b.Fatal(err)
		}
		rows += 500
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
