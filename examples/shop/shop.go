package main

import (
	"context"
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
	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace"
)

// shop is the three services and what they run on.
type shop struct {
	url     string
	worker  *worker
	gateway *profiler.Service
	closers []func() error // called last to first
}

// openShop starts everything on free loopback ports.
func openShop(ctx context.Context, store string) (s *shop, err error) {
	s = &shop{}
	defer func() {
		if err != nil {
			_, _ = s.close()
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

	service := func(name string) *profiler.Service {
		svc, openErr := sonde.Open(ctx, sonde.Config{
			Enabled: true, HMACKeys: demoKey, ConnectionString: store, Project: "shop", Service: name,
		})
		if err = errors.Join(err, openErr); openErr == nil {
			s.onClose(func() error { return svc.Close(context.Background()) })
		}
		return svc
	}
	gateway, inventory, workers := service("gateway"), service("inventory"), service("worker")
	if err != nil {
		return nil, err
	}
	s.gateway = gateway

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
	if s.worker, err = startWorker(workers, bus, orders); err != nil {
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
	s.url = "http://" + listener.Addr().String()
	return s, nil
}

func (s *shop) onClose(f func() error) { s.closers = append(s.closers, f) }

// close ends everything, the services after what uses them, so that all they
// have recorded is stored. It says how many requests the gateway has traced.
func (s *shop) close() (traced uint64, err error) {
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		f := s.closers[last]
		s.closers = s.closers[:last]
		err = errors.Join(err, f())
	}
	if s.gateway != nil {
		traced = s.gateway.Stats().Traces
	}
	return traced, err
}

// startNATS runs a NATS server in this process and connects to it.
func (s *shop) startNATS() (*nats.Conn, error) {
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
func (s *shop) openDB(path, schema string) (*sqlx.DB, error) {
	db, err := sqltrace.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	s.onClose(db.Close)
	if _, err := db.Exec(schema); err != nil {
		return nil, fmt.Errorf("create %s: %w", filepath.Base(path), err)
	}
	return sqlx.NewDb(db, "sqlite3"), nil
}
