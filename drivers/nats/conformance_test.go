package nats

import (
	"strconv"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/record"
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

func TestConformance(t *testing.T) {
	t.Run("Newest", func(t *testing.T) { conform(t, natstest.JetStream(t).URL, server.VERSION, true) })
	t.Run("Process", func(t *testing.T) { conform(t, urlOf(servertest.NATS(t)), "2.9", false) })
}

func urlOf(s *servertest.Server) string { return "nats://" + s.Addr }

// conform runs the suite. A server that is inside this program holds parts
// of its streams in the program's memory.
func conform(t *testing.T, url, version string, holdsAll bool) {
	n := 0
	var stream string
	drivertest.Run(t, drivertest.Harness{
		Driver:   "nats",
		Server:   "nats-server " + version,
		TLS:      true,
		HoldsAll: holdsAll,
		New: func(*testing.T) func() *drivers.Store {
			n++
			stream = "S" + strconv.Itoa(n)
			url := url + "/" + stream
			return func() *drivers.Store { return openURL(t, url, drivers.Options{FilterErrorTrace: true}) }
		},
		ListWork: func(t *testing.T, list func(*drivers.Store)) int64 {
			d := openURL(t, url+"/"+stream, drivers.Options{})
			if err := d.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			conn := inside(d).conn
			before := conn.Stats().InMsgs
			list(d)
			return int64(conn.Stats().InMsgs - before)
		},
		Corrupt: func(t *testing.T, base, raw string) { put(t, url, stream+"."+base, raw) },
		Double: func(t *testing.T, e *record.Event) {
			put(t, url, stream+"."+e.Trace().String(), string(e.AppendJSON(nil)))
		},
	})
}

// put stores a message past the driver.
func put(t *testing.T, url, subject, text string) {
	t.Helper()
	c, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	js, err := c.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(subject, []byte(text)); err != nil {
		t.Fatal(err)
	}
}
