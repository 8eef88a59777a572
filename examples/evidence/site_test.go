package evidence

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	"github.com/sonde-go/sonde/sqltrace"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// site is where causes are planted: a storefront asks the orders and the stock by
// gRPC and the Python service by HTTP, and tells a mailer over NATS. Storefront,
// orders and mailer have PostgreSQL behind a proxy; the stock has two replicas.
type site struct {
	*kit
	url      string
	postgres *servertest.Server
	proxy    *proxy
	admin    *sql.DB // not traced, past the proxy
	direct   *sql.DB // of the storefront, for the customers
	pool     *sql.DB // of the orders
	carts    *sql.DB // of the orders, a pool of one connection
	bus      *nats.Conn
	orders   *grpc.ClientConn
	replicas [2]*grpc.ClientConn
	mailed   chan struct{} // one value for each message that the mailer has handled
	blocked  chan struct{} // what a message "block" waits for
	plan     atomic.Pointer[plan]
}

// plan is what a request does besides the usual.
type plan struct {
	items, stock, quotes int           // so many calls, one after the other
	shards               int           // so many calls at once
	sleeps               time.Duration // of the second replica
	shardSleeps          int           // which shard's call sleeps that long, from 1
	pythonSleeps         time.Duration
	quotesURL            string        // the Python service is there; "": where it is
	limit                time.Duration // for the movements
	carts                bool          // are read

	before func(string)                // is called before what has this name
	after  func(string, time.Duration) // and after it
}

func (p *plan) reach(what string) func() {
	if p.before != nil {
		p.before(what)
	}
	began := time.Now()
	return func() {
		if p.after != nil {
			p.after(what, time.Since(began))
		}
	}
}

const schema = `
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, name text);
CREATE TABLE movements (id int PRIMARY KEY, name text);
CREATE TABLE items (id int PRIMARY KEY, name text);
CREATE TABLE carts (id int PRIMARY KEY, name text);
CREATE TABLE mails (id int, name text);
INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 100) i;
INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 100) i;
INSERT INTO movements SELECT i, 'movement ' || i FROM generate_series(1, 100) i;
INSERT INTO items SELECT i, 'item ' || i FROM generate_series(1, 100) i;
INSERT INTO carts SELECT i, 'cart ' || i FROM generate_series(1, 100) i`

func newSite(t *testing.T, k *kit, off time.Duration) *site {
	t.Helper()
	s := &site{kit: k, mailed: make(chan struct{}, 1000), blocked: make(chan struct{})}
	s.plan.Store(&plan{})
	s.postgres = servertest.Postgres(t)
	s.proxy = startProxy(t, s.postgres.Addr)
	var err error
	if s.admin, err = sql.Open("pgx", "postgres://postgres@"+s.postgres.Addr+"/test?sslmode=disable"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.admin.Close() })
	if _, err := s.admin.Exec(schema); err != nil {
		t.Fatal(err)
	}
	s.direct, s.pool, s.carts = s.database(), s.database(), s.database()
	s.carts.SetMaxOpenConns(1)

	s.orders = k.grpc(k.service("orders", off), func(server *grpc.Server) {
		server.RegisterService(describe("site.Orders", "Place"), method(s.place))
	})
	for i, host := range []string{"stock-a", "stock-b"} {
		s.replicas[i] = k.grpc(k.on("stock", host, off), func(server *grpc.Server) {
			server.RegisterService(describe("site.Stock", "Left"), method(func(_ context.Context, shard string) (string, error) {
				s.left(i, shard)
				return "many", nil
			}))
		})
	}
	s.startMailer(k, off)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkout/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := s.checkout(r.Context(), r.PathValue("id")); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	s.url = k.web(k.service("storefront", off), sondehttp.RecordRoute(mux))
	return s
}

// database is a traced pool behind the proxy. Statements are sent as they are, not
// prepared, so that the proxy sees each of them.
func (s *site) database() *sql.DB {
	db, err := sqltrace.Open("pgx", "postgres://postgres@"+s.proxy.addr+"/test?sslmode=disable&default_query_exec_mode=exec")
	if err != nil {
		s.t.Fatal(err)
	}
	db.SetMaxIdleConns(16)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (s *site) startMailer(k *kit, off time.Duration) {
	db := s.database()
	var err error
	if s.bus, err = nats.Connect("nats://" + servertest.NATS(s.t).Addr); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.bus.Close)
	_, err = s.bus.Subscribe("orders.*", sondenats.Handler(k.service("mailer", off), func(ctx context.Context, m *nats.Msg) {
		if string(m.Data) == "block" {
			<-s.blocked
			return
		}
		_, _ = db.ExecContext(ctx, "INSERT INTO mails (id, name) VALUES ($1, $2)", 1, string(m.Data))
		s.mailed <- struct{}{}
	}))
	if err == nil {
		err = s.bus.Flush()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// checkOut sends a request and returns the id of its trace.
func (s *site) checkOut(want int) (header.ID, error) {
	id := header.NewID()
	return id, s.ask(s.t.Context(), id, s.url+"/checkout/"+strconv.Itoa(s.rng.IntN(100)), want)
}

// checkout is what the storefront does for a request.
func (s *site) checkout(ctx context.Context, id string) error {
	p := s.plan.Load()
	done := p.reach("customers")
	if err := s.lookUp(ctx, s.direct, "SELECT name FROM customers WHERE id = $1", number(id)); err != nil {
		return err
	}
	done()
	for range max(1, p.quotes) {
		done := p.reach("quote")
		if err := s.price(ctx, p); err != nil {
			return err
		}
		done()
	}
	if err := call(ctx, s.orders, "/site.Orders/Place", id); err != nil {
		return err
	}
	for range max(1, p.stock) {
		done := p.reach("stock")
		if err := call(ctx, s.replicas[1], "/site.Stock/Left", "0"); err != nil {
			return err
		}
		done()
	}
	errs := make([]error, p.shards)
	var asking sync.WaitGroup
	for i := range errs {
		asking.Go(func() { errs[i] = call(ctx, s.replicas[i%2], "/site.Stock/Left", strconv.Itoa(i+1)) })
	}
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	err := sondenats.Publish(ctx, s.bus, "orders.placed", []byte("order "+id))
	if err == nil {
		err = s.bus.Flush()
	}
	p.reach("published")
	return err
}

// price is one call of the Python service.
func (s *site) price(ctx context.Context, p *plan) error {
	if p.quotesURL != "" {
		_, err := s.get(ctx, http.MethodGet, p.quotesURL, "")
		return err
	}
	took, err := s.quote(ctx, p.pythonSleeps)
	if p.after != nil {
		p.after("python", took)
	}
	return err
}

// place is the orders' one method.
func (s *site) place(ctx context.Context, id string) (string, error) {
	p := s.plan.Load()
	n := number(id)
	done := p.reach("orders")
	if err := s.lookUp(ctx, s.pool, "SELECT name FROM orders WHERE id = $1", n); err != nil {
		return "", err
	}
	done()
	if p.items > 0 {
		for i := range p.items {
			done := p.reach("item")
			if err := s.lookUp(ctx, s.pool, "SELECT name FROM items WHERE id = $1", i+1); err != nil {
				return "", err
			}
			done()
		}
	} else if err := s.lookUp(ctx, s.pool, "SELECT string_agg(name, ',') FROM items WHERE id BETWEEN $1 AND $1 + 5", n); err != nil {
		return "", err
	}
	if p.carts {
		p.reach("carts")
		if err := s.lookUp(ctx, s.carts, "SELECT name FROM carts WHERE id = $1", n); err != nil {
			return "", err
		}
	}
	if p.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.limit)
		defer cancel()
	}
	defer p.reach("movements")()
	return "placed", s.lookUp(ctx, s.pool, "SELECT name FROM movements WHERE id = $1", n)
}

// left is what a replica of the stock does.
func (s *site) left(replica int, shard string) {
	p := s.plan.Load()
	mine := replica == 1 && shard == "0"
	if p.shardSleeps > 0 {
		mine = shard == strconv.Itoa(p.shardSleeps)
	}
	if mine && p.sleeps > 0 {
		began := time.Now()
		time.Sleep(p.sleeps)
		if p.after != nil {
			p.after("sleep", time.Since(began))
		}
	}
}

func (s *site) lookUp(ctx context.Context, db *sql.DB, query string, args ...any) error {
	var name sql.NullString
	return db.QueryRowContext(ctx, query, args...).Scan(&name)
}

func number(id string) int {
	n, _ := strconv.Atoi(id)
	return n%100 + 1
}

// method is what a gRPC service of the site does: it takes a text and gives one.
type method func(ctx context.Context, arg string) (string, error)

func call(ctx context.Context, conn *grpc.ClientConn, name, arg string) error {
	return conn.Invoke(ctx, name, wrapperspb.String(arg), new(wrapperspb.StringValue))
}

// describe describes a service with one method as protoc would.
func describe(service, name string) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: name,
			Handler: func(srv any, ctx context.Context, decode func(any) error, hook grpc.UnaryServerInterceptor) (any, error) {
				in := new(wrapperspb.StringValue)
				if err := decode(in); err != nil {
					return nil, err
				}
				do := func(ctx context.Context, in any) (any, error) {
					out, err := srv.(method)(ctx, in.(*wrapperspb.StringValue).GetValue())
					return wrapperspb.String(out), err
				}
				return hook(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + service + "/" + name}, do)
			},
		}},
	}
}
