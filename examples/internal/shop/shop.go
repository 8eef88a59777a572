// Package shop is three services that call one another over HTTP, gRPC and NATS,
// each with SQLite. The demo and the recordings that findings are measured on
// run it.
package shop

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace"
)

// Shop is the three services and what they run on.
type Shop struct {
	// URL is the gateway's: GET URL/orders/widget?count=3 orders.
	URL string

	// Written has a value for each order that the worker has written down. The
	// worker goes on when it is received.
	Written <-chan struct{}

	closers []func() error // called last to first
}

// Open starts everything on free loopback ports. It calls service for each of
// gateway, inventory and worker, and leaves it to the caller to close what it gives.
func Open(service func(name string) (*profiler.Service, error)) (_ *Shop, err error) {
	s := &Shop{}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	dir, err := os.MkdirTemp("", "sonde-shop-")
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { return os.RemoveAll(dir) })
	bus, err := s.startNATS()
	if err != nil {
		return nil, err
	}

	gateway, err1 := service("gateway")
	inventory, err2 := service("inventory")
	workers, err3 := service("worker")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}

	stock, err := s.openDB(filepath.Join(dir, "inventory.db"), stockSchema)
	if err != nil {
		return nil, err
	}
	inventoryAddr, stopInventory, err := serveInventory(inventory, stock)
	if err != nil {
		return nil, err
	}
	s.onClose(stopInventory)

	orders, err := s.openDB(filepath.Join(dir, "orders.db"), orderSchema)
	if err != nil {
		return nil, err
	}
	if s.Written, err = startWorker(workers, bus, orders); err != nil {
		return nil, err
	}

	handler, closeHandler, err := newGateway(gateway, inventoryAddr, bus)
	if err != nil {
		return nil, err
	}
	s.onClose(closeHandler)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = web.Serve(listener) }()
	s.onClose(web.Close)
	s.URL = "http://" + listener.Addr().String()
	return s, nil
}

func (s *Shop) onClose(f func() error) { s.closers = append(s.closers, f) }

// Close ends everything, so that the services record nothing more. It may be
// called again.
func (s *Shop) Close() (err error) {
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		f := s.closers[last]
		s.closers = s.closers[:last]
		err = errors.Join(err, f())
	}
	return err
}

// startNATS runs a NATS server in this process and connects to it.
func (s *Shop) startNATS() (*nats.Conn, error) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	if err != nil {
		return nil, err
	}
	srv.Start()
	s.onClose(func() error {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil
	})
	if !srv.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the NATS server does not start")
	}
	conn, err := nats.Connect(srv.ClientURL())
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { conn.Close(); return nil })
	return conn, nil
}

// openDB opens a traced SQLite database.
func (s *Shop) openDB(path, schema string) (*sqlx.DB, error) {
	db, err := sqltrace.Open("sqlite", path+"?_pragma=busy_timeout(10000)") // orders come at once
	if err != nil {
		return nil, err
	}
	s.onClose(db.Close)
	if _, err := db.Exec(schema); err != nil {
		return nil, fmt.Errorf("create %s: %w", filepath.Base(path), err)
	}
	return sqlx.NewDb(db, "sqlite3"), nil
}
