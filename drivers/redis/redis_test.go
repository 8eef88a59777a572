package redis

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var filing = drivers.Options{FilterErrorTrace: true}

func openURL(t testing.TB, url string, o drivers.Options) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// client talks to a server without the driver.
func client(t testing.TB, s *servertest.Server, db int) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr, DB: db, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { c.Close() })
	return c
}

func records(t testing.TB, d *drivers.Store, base string) []record.Record {
	t.Helper()
	var all []record.Record
	for r, err := range d.Records(t.Context(), base) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.Clone())
	}
	return all
}

func traces(t testing.TB, d *drivers.Store, q drivers.Query) []drivers.Trace {
	t.Helper()
	var all []drivers.Trace
	for tr, err := range d.Traces(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tr)
	}
	return all
}
