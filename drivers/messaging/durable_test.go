package messaging

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
)

// durably are options for a queue that outlives the broker, and ours is what is
// declared then.
const durably = "?queue=sonde&durable=true"

var ours = topology{exchange: "sonde", queue: "sonde", kind: amqp.ExchangeDirect, durable: true}

// testAcknowledgedOutlivesTheBroker kills the broker right after each of several
// batches was acknowledged: none of them is lost, and all that OSProfiler's queue has
// is, which the driver says.
func testAcknowledgedOutlivesTheBroker(t *testing.T, server *servertest.Server) {
	var acknowledged uint64
	for range 2 {
		for _, options := range []string{"", durably} {
			d, err := drivers.Open(t.Context(), urlOf(server)+options, drivers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			events := drivertest.Trace(400, 0)
			if err := d.Notify(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if options == durably {
				acknowledged += uint64(len(events))
			}
		}
		server.Kill()
		server.Restart()
	}
	for options, want := range map[string]uint64{"": 0, durably: acknowledged} {
		d := openURL(t, urlOf(server)+options, drivers.Options{})
		if n := stored(t, d); n != want {
			t.Errorf("%q: %d records are left, want %d", options, n, want)
		}
		if says := d.Terms().Forgets != ""; says != (want == 0) {
			t.Errorf("%q: %+v", options, d.Terms())
		}
	}
}

// testQueuesApart: a queue of our own takes nothing from OSProfiler's, not even when
// its traces are read, listed and deleted.
func testQueuesApart(t *testing.T, server *servertest.Server) {
	theirs, own := openURL(t, urlOf(server), drivers.Options{}), openURL(t, urlOf(server)+durably, drivers.Options{})
	events := drivertest.Trace(10, 0)
	for _, d := range []*drivers.Store{theirs, own} {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	// A reader of OSProfiler's queue has it for itself, and is not in our way.
	ch := channel(t, server)
	if _, err := ch.Consume(upstream.queue, "other", false, true, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if n := stored(t, own); n != uint64(len(events)) {
		t.Errorf("%d records in our queue, want %d", n, len(events))
	}
	if err := own.Delete(t.Context(), events[0].Trace().String()); err != nil {
		t.Fatal(err)
	}
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	if n := stored(t, theirs); n != uint64(len(events)) {
		t.Errorf("%d records in OSProfiler's queue, want %d", n, len(events))
	}
	if n := stored(t, own); n != 0 {
		t.Errorf("%d records of a deleted trace", n)
	}
}

// testNotDurable: a queue that is there and is not durable is no place for a driver
// that promises so.
func testNotDurable(t *testing.T, server *servertest.Server) {
	if _, err := channel(t, server).QueueDeclare(ours.queue, false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	err := openURL(t, urlOf(server)+durably, drivers.Options{}).Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if err == nil || !strings.Contains(err.Error(), `it is not certain that "sonde" is durable`) {
		t.Errorf("Notify: %v", err)
	}
	// Without the promise it is used as it is.
	d := openURL(t, urlOf(server)+"?queue=sonde", drivers.Options{})
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Fatal(err)
	}
	if n := stored(t, d); n != 2 {
		t.Errorf("%d records", n)
	}
}
