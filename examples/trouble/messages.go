package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
)

// lag has a worker that takes one message after the other and is busy with the
// first of nine when the request publishes its own.
func lag(ctx context.Context, s *site) (string, error) {
	const before = 9
	db := s.database(map[string]time.Duration{"orders": s.brief, "labels": s.slow / before})
	bus := s.bus()
	published, handled := make(chan struct{}), make(chan struct{}, before+1)
	handle := sondenats.Handler(s.service("worker"), func(ctx context.Context, m *nats.Msg) {
		<-published
		if _, err := lookUp(ctx, db, "SELECT name FROM labels WHERE id = ?", string(m.Data)); err != nil {
			slog.Error("an order has no label", "error", err)
		}
	})
	s.subscribe(bus, "orders.new", func(m *nats.Msg) {
		handle(m)
		handled <- struct{}{}
	})
	url := s.web(s.service("shop"), "GET /orders/{id}", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, db, "SELECT name FROM orders WHERE id = ?", id); err != nil {
			return "", err
		}
		return "thank you", sondenats.Publish(ctx, bus, "orders.new", []byte(id))
	})
	if s.err == nil {
		for range before {
			s.check(bus.Publish("orders.new", []byte("1")))
		}
	}
	err := s.want(ctx, url+"/orders/1", 200)
	close(published)
	if err != nil {
		return "", err
	}
	for range before + 1 {
		<-handled
	}
	return fmt.Sprintf("the message waits for %d others, %v", before, s.slow), nil
}

// bus runs a NATS server in this process and connects to it.
func (s *site) bus() *nats.Conn {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	if s.check(err); err != nil {
		return nil
	}
	srv.Start()
	s.onStop(func() error {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil
	})
	if !srv.ReadyForConnections(10 * time.Second) {
		s.check(errors.New("the NATS server does not start"))
		return nil
	}
	conn, err := nats.Connect(srv.ClientURL())
	if s.check(err); err != nil {
		return nil
	}
	s.onStop(func() error { conn.Close(); return nil })
	return conn
}

func (s *site) subscribe(bus *nats.Conn, subject string, handle nats.MsgHandler) {
	if s.err == nil {
		_, err := bus.Subscribe(subject, handle)
		s.check(errors.Join(err, bus.Flush()))
	}
}
