package mongodb

import (
	"os"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t testing.TB, url string, o drivers.Options) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// inside is the driver of a store.
func inside(s *drivers.Store) *store { return s.Driver().(*store) }

func urlOf(s *servertest.Server) string { return "mongodb://" + s.Addr + "/" }

// TestConformance has FerretDB keep its data in PostgreSQL. On SQLite, which
// the other tests use, it reads the whole collection for each trace.
func TestConformance(t *testing.T) {
	server := servertest.FerretDB(t, servertest.Postgres(t))
	var admin *drivers.Store
	h := drivertest.Harness{
		Driver: "mongodb",
		Server: "FerretDB 1.24.0 on PostgreSQL",
		New: func(t *testing.T) func() *drivers.Store {
			admin = openURL(t, urlOf(server), drivers.Options{})
			if err := inside(admin).records.Database().Drop(t.Context()); err != nil {
				t.Fatal(err)
			}
			return func() *drivers.Store { return openURL(t, urlOf(server), drivers.Options{FilterErrorTrace: true}) }
		},
		ListWork: func(t *testing.T, list func(*drivers.Store)) int64 {
			var s spy
			list(s.open(t, urlOf(server)))
			return s.documents.Load()
		},
		Double: func(t *testing.T, e *record.Event) {
			var c encoder
			c.document(nil, e.AppendJSON(nil)) // the server's client gives it an _id
			if _, err := inside(admin).records.InsertOne(t.Context(), bson.Raw(c.buf)); err != nil {
				t.Fatal(err)
			}
		},
		Corrupt: func(t *testing.T, base, raw string) {
			if _, err := inside(admin).records.InsertOne(t.Context(), bson.D{{Key: "base_id", Value: base}, {Key: "raw", Value: raw}}); err != nil {
				t.Fatal(err)
			}
		},
	}
	if os.Getenv("SONDE_TEST_ALL") != "1" {
		h.ListWork = nil // FerretDB takes minutes to store thousands of traces
	}
	drivertest.Run(t, h)
}
