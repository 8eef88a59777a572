package mongodb

import (
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
)

func BenchmarkNotify(b *testing.B) { drivertest.BenchmarkNotify(b, empty) }
func BenchmarkList(b *testing.B)   { drivertest.BenchmarkList(b, empty) }

// empty opens the store of a new server.
func empty(b testing.TB) *drivers.Store {
	return openURL(b, urlOf(servertest.FerretDB(b, servertest.Postgres(b))), drivers.Options{})
}
