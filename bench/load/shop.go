package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
	_ "modernc.org/sqlite"
)

// tools are what the shop is built with; the variants that are compared differ in
// nothing else.
type tools struct {
	handler func(http.Handler) http.Handler
	dial    []grpc.DialOption
	serve   []grpc.ServerOption
	open    func(dsn string) (*sql.DB, error)
	quote   func(ctx context.Context, sku string, count int64) int64
	publish func(ctx context.Context, nc *nats.Conn, subject string, data []byte) error
	consume func(func(context.Context, []byte)) nats.MsgHandler
	account func() account              // what became of the records
	close   func(context.Context) error // flushes
}

// shop is a gateway (HTTP) that asks an inventory (gRPC, SQLite) for goods and a
// price, and tells a worker (NATS, SQLite): as examples/shop, in one process.
type shop struct {
	url     string
	closers []func() // called last to first
}

func openShop(t tools) (_ *shop, err error) {
	s := &shop{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	dir, err := os.MkdirTemp("", "sonde-load-")
	if err != nil {
		return nil, err
	}
	s.onClose(func() { _ = os.RemoveAll(dir) })
	db, err := t.open("file:" + filepath.Join(dir, "shop.db") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(off)")
	if err != nil {
		return nil, err
	}
	s.onClose(func() { _ = db.Close() })
	for _, stmt := range []string{
		`CREATE TABLE stock (sku TEXT PRIMARY KEY, name TEXT, left INTEGER)`,
		`INSERT INTO stock VALUES ('widget', 'Widget', 1000000000)`,
		`CREATE TABLE seen (sku TEXT PRIMARY KEY, orders INTEGER)`,
		`INSERT INTO seen VALUES ('widget', 0)`,
	} {
		if _, err := db.Exec(stmt); err != nil {
			return nil, err
		}
	}
	bus, err := s.startBus()
	if err != nil {
		return nil, err
	}
	if _, err := bus.QueueSubscribe("orders.*", "workers", t.consume(func(ctx context.Context, data []byte) {
		var n int
		_ = db.QueryRowContext(ctx, `SELECT orders FROM seen WHERE sku = ?`, string(data)).Scan(&n)
	})); err != nil {
		return nil, err
	}
	conn, err := s.startInventory(t, db)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{sku}", func(w http.ResponseWriter, r *http.Request) {
		sku := r.PathValue("sku")
		count, err := strconv.ParseInt(r.URL.Query().Get("count"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		price, err := reserve(r.Context(), conn, sku, count)
		if err == nil {
			err = t.publish(r.Context(), bus, "orders.new", []byte(sku))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "%d x %s for %d\n", count, sku, price)
	})
	s.url, err = s.listen(t.handler(mux))
	return s, err
}

func (s *shop) onClose(f func()) { s.closers = append(s.closers, f) }

func (s *shop) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// listen serves HTTP on a free loopback port.
func (s *shop) listen(h http.Handler) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	web := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = web.Serve(listener) }()
	s.onClose(func() { _ = web.Close() })
	return "http://" + listener.Addr().String(), nil
}

func (s *shop) startBus() (*nats.Conn, error) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	if err != nil {
		return nil, err
	}
	srv.Start()
	s.onClose(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the NATS server does not start")
	}
	conn, err := nats.Connect(srv.ClientURL())
	if err != nil {
		return nil, err
	}
	s.onClose(conn.Close)
	return conn, nil
}

const reserveMethod = "/shop.Inventory/Reserve"

// startInventory serves gRPC and returns a client of it.
func (s *shop) startInventory(t tools, db *sql.DB) (*grpc.ClientConn, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(t.serve...)
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: "shop.Inventory",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Reserve",
			Handler: func(_ any, ctx context.Context, decode func(any) error, hook grpc.UnaryServerInterceptor) (any, error) {
				order := new(structpb.Struct)
				if err := decode(order); err != nil {
					return nil, err
				}
				call := func(ctx context.Context, order any) (any, error) {
					f := order.(*structpb.Struct).Fields
					return quoteFor(ctx, t, db, f["sku"].GetStringValue(), int64(f["count"].GetNumberValue()))
				}
				if hook == nil {
					return call(ctx, order)
				}
				return hook(ctx, order, &grpc.UnaryServerInfo{FullMethod: reserveMethod}, call)
			},
		}},
	}, nil)
	go func() { _ = srv.Serve(listener) }()
	s.onClose(srv.Stop)
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		append(t.dial, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, err
	}
	s.onClose(func() { _ = conn.Close() })
	return conn, nil
}

// quoteFor looks the goods up, twice as inventories do, and gives their price.
func quoteFor(ctx context.Context, t tools, db *sql.DB, sku string, count int64) (any, error) {
	var name string
	var left int64
	if err := db.QueryRowContext(ctx, `SELECT name FROM stock WHERE sku = ?`, sku).Scan(&name); err != nil {
		return nil, err
	}
	if err := db.QueryRowContext(ctx, `SELECT left FROM stock WHERE sku = ?`, sku).Scan(&left); err != nil {
		return nil, err
	}
	return structpb.NewNumberValue(float64(t.quote(ctx, name, min(count, left)))), nil
}

func reserve(ctx context.Context, conn *grpc.ClientConn, sku string, count int64) (int64, error) {
	order, err := structpb.NewStruct(map[string]any{"sku": sku, "count": count})
	if err != nil {
		return 0, err
	}
	price := new(structpb.Value)
	if err := conn.Invoke(ctx, reserveMethod, order, price); err != nil {
		return 0, err
	}
	return int64(price.GetNumberValue()), nil
}

// price is what the shop's own function works out.
func price(count int64) int64 {
	p := 250 * count
	if count >= 3 {
		p -= p / 10
	}
	return p
}
