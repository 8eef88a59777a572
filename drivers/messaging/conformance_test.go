package messaging

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
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

func urlOf(s *servertest.Server) string { return "messaging://guest:guest@" + s.Addr + "/" }

// channel opens a channel of the plain client.
func channel(t testing.TB, s *servertest.Server) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial("amqp://guest:guest@" + s.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// forget deletes the queues and the exchanges.
func forget(t testing.TB, s *servertest.Server) {
	t.Helper()
	ch := channel(t, s)
	for _, own := range []topology{upstream, ours} {
		if _, err := ch.QueueDelete(own.queue, false, false, false); err != nil {
			t.Fatal(err)
		}
		if err := ch.ExchangeDelete(own.exchange, false, false); err != nil {
			t.Fatal(err)
		}
	}
}

// put sends messages past the driver, into OSProfiler's queue, which is there.
func put(t testing.TB, s *servertest.Server, messages ...amqp.Publishing) {
	t.Helper()
	putInto(t, s, upstream, messages...)
}

func putInto(t testing.TB, s *servertest.Server, to topology, messages ...amqp.Publishing) {
	t.Helper()
	ch := channel(t, s)
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		c, err := ch.PublishWithDeferredConfirm(to.exchange, to.queue, true, false, m)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Wait() {
			t.Fatal("not confirmed")
		}
	}
}

// TestRabbitMQ runs all tests that need a broker with one of them, which each finds
// empty and running: a broker takes seconds to start.
func TestRabbitMQ(t *testing.T) {
	server := servertest.RabbitMQ(t)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *servertest.Server)
	}{
		{"Conformance", testConformance},
		{"GoldenMessages", testGoldenMessages},
		{"GoldenReport", testGoldenReport},
		{"WhatIsRead", testWhatIsRead},
		{"OrderIsKept", testOrderIsKept},
		{"PythonWrites", testPythonWrites},
		{"PythonReads", testPythonReads},
		{"PythonWritesAfterwards", testPythonWritesAfterwards},
		{"TLS", testTLS},
		{"Refusals", testRefusals},
		{"QueuesApart", testQueuesApart},
		{"NotDurable", testNotDurable},
		{"FrozenReader", testFrozenReader},
		{"AcknowledgedOutlivesTheBroker", testAcknowledgedOutlivesTheBroker},
		{"Faults", testFaults},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forget(t, server)
			tt.run(t, server)
		})
	}
}

func testConformance(t *testing.T, server *servertest.Server) {
	for name, tt := range map[string]struct {
		topology
		options string
	}{
		"messaging":              {upstream, ""},
		"messaging?durable=true": {ours, durably},
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Harness{
				Driver: name,
				Server: "RabbitMQ 3.10",
				TLS:    true,
				New: func(t *testing.T) func() *drivers.Store {
					forget(t, server)
					return func() *drivers.Store {
						return openURL(t, urlOf(server)+tt.options, drivers.Options{FilterErrorTrace: true})
					}
				},
				Corrupt: func(t *testing.T, _, raw string) {
					putInto(t, server, tt.topology, amqp.Publishing{ContentType: contentType, Body: []byte(raw)})
				},
			})
		})
	}
}
