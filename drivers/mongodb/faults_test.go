package mongodb

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/internal/servertest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// oneLine checks that an error can be shown to a user.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r") || strings.Contains(text, "hunter2") {
		t.Errorf("the error is %q", text)
	}
}

// TestFaults runs the suite on FerretDB. A client that looks after its servers
// every now and then would lose those connections to a cut.
func TestFaults(t *testing.T) {
	server := servertest.FerretDB(t, nil) // which knows no users
	urlAt := func(credentials, addr string) string {
		return "mongodb://" + credentials + addr + "/?heartbeatFrequencyMS=600000"
	}
	faults.Run(t, faults.Harness{
		Lacks: map[faults.Scenario]string{faults.NoRoom: "FerretDB has no limit of its own; a file that is full is tried with the driver of SQLite"},
		New: func(t *testing.T) *faults.Server {
			records := inside(openURL(t, urlOf(server), drivers.Options{})).records
			if err := records.Database().Drop(t.Context()); err != nil {
				t.Fatal(err)
			}
			return &faults.Server{
				Addr: server.Addr, Name: "MongoDB at " + server.Addr,
				Options: drivers.Options{FilterErrorTrace: true},
				URL:     func(addr string) string { return urlAt("", addr) },
				Stop:    server.Stop, Start: server.Restart, Kill: server.Kill, Freeze: server.Freeze, Thaw: server.Thaw,
				Wrong: func(*testing.T) string { return urlAt("root:"+faults.Secret+"@", server.Addr) },
				Stored: func(t *testing.T) int {
					n, err := records.CountDocuments(t.Context(), bson.D{})
					if err != nil {
						t.Fatal(err)
					}
					return int(n)
				},
			}
		},
	})
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"mongodb://",
		"mongodb://root:hunter2@",
		"mongodb://root:hunter2@host:port/",
		"mongodb://root:hunter2",
		"mongodb://root:hunter2%zz@host/",
		"mongodb://root:hunter2/x@host/",
		"mongodb://root:hunter2:x@host/",
		"mongodb://root:x@hunter2@host/",
		"mongodb://host/?tlsCertificateKeyFilePassword=hunter2%zz",
		"mongodb://host/?authMechanismProperties=hunter2",
		"mongodb://root:hunter2@host/?w=-1",
	} {
		d, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err == nil {
			_ = d.Close()
			t.Errorf("%s was opened", url)
			continue
		}
		oneLine(t, err)
	}
}
