package std

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// names is a sink that remembers the functions that were called.
type names struct {
	mu   sync.Mutex
	seen []string
}

func (n *names) Notify(_ context.Context, events []record.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range events {
		var info struct{ Function struct{ Name string } }
		if err := json.Unmarshal(events[i].Info(), &info); err != nil {
			return err
		}
		if name := info.Function.Name; name != "" {
			n.seen = append(n.seen, name)
		}
	}
	return nil
}

// trace runs fn with and without a trace, and checks that in a trace it called the
// functions wanted.
func trace(t *testing.T, fn func(t *testing.T, ctx context.Context), want ...string) {
	t.Helper()
	t.Run("untraced", func(t *testing.T) { fn(t, t.Context()) })
	t.Run("traced", func(t *testing.T) {
		var sink names
		svc, err := profiler.New(profiler.Config{Name: "std", Sink: &sink})
		if err != nil {
			t.Fatal(err)
		}
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		fn(t, ctx)
		root.Stop()
		if err := svc.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, name := range want {
			if !slices.Contains(sink.seen, name) {
				t.Errorf("%s is not among %q", name, sink.seen)
			}
		}
	})
}

// TestHandler: the standard library's own suite for handlers. Its records have no
// context of ours, so they are given one.
func TestHandler(t *testing.T) {
	trace(t, func(t *testing.T, ctx context.Context) {
		var out bytes.Buffer
		h := NewHandlerTraced(within{slog.NewJSONHandler(&out, nil), ctx})
		err := slogtest.TestHandler(inside{h, ctx}, func() (results []map[string]any) {
			for line := range strings.Lines(out.String()) {
				var m map[string]any
				if err := json.Unmarshal([]byte(line), &m); err != nil {
					t.Fatal(err)
				}
				results = append(results, m)
			}
			return results
		})
		if err != nil {
			t.Error(err)
		}
	}, "log/slog.Handler.Handle")
}

// within keeps what the suite derives from a handler wrapped.
type within struct {
	slog.Handler
	ctx context.Context
}

func (w within) WithAttrs(attrs []slog.Attr) slog.Handler {
	return inside{NewHandlerTraced(within{w.Handler.WithAttrs(attrs), w.ctx}), w.ctx}
}

func (w within) WithGroup(name string) slog.Handler {
	return inside{NewHandlerTraced(within{w.Handler.WithGroup(name), w.ctx}), w.ctx}
}

// inside gives a handler its context.
type inside struct {
	slog.Handler
	ctx context.Context
}

func (i inside) Enabled(_ context.Context, l slog.Level) bool { return i.Handler.Enabled(i.ctx, l) }
func (i inside) Handle(_ context.Context, r slog.Record) error {
	return i.Handler.Handle(i.ctx, r)
}

// TestDialer: a connection, an error, and a field of the dialer.
func TestDialer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	trace(t, func(t *testing.T, ctx context.Context) {
		d := NewDialerTraced(&net.Dialer{KeepAlive: -1})
		if d.KeepAlive != -1 {
			t.Error("the field is not the original's")
		}
		c, err := d.DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := d.DialContext(gone, "tcp", l.Addr().String()); !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "canceled") {
			t.Error(err)
		}
		if c, err := d.Dial("tcp", l.Addr().String()); err != nil {
			t.Error(err)
		} else {
			c.Close()
		}
	}, "net.Dialer.DialContext")
}

func TestResolver(t *testing.T) {
	trace(t, func(t *testing.T, ctx context.Context) {
		r := NewResolverTraced(&net.Resolver{PreferGo: true})
		if hosts, err := r.LookupHost(ctx, "127.0.0.1"); err != nil || !slices.Equal(hosts, []string{"127.0.0.1"}) {
			t.Error(hosts, err)
		}
		if port, err := r.LookupPort(ctx, "tcp", "80"); err != nil || port != 80 {
			t.Error(port, err)
		}
	}, "net.Resolver.LookupHost", "net.Resolver.LookupPort")
}

// TestServer: an http.Server is shut down through its wrapper.
func TestServer(t *testing.T) {
	trace(t, func(t *testing.T, ctx context.Context) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := NewServerTraced(&http.Server{Handler: http.NotFoundHandler()})
		done := make(chan error, 1)
		go func() { done <- s.Serve(l) }()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != http.ErrServerClosed {
			t.Error(err)
		}
	}, "net/http.Server.Shutdown")
}

// conn is a connection to no database, which a wrapper makes a driver's of.
type conn struct{}

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("nothing to prepare") }
func (conn) Close() error                        { return nil }
func (conn) Begin() (driver.Tx, error)           { return nil, errors.New("no context") }
func (conn) BeginTx(_ context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly {
		return nil, errors.New("read only")
	}
	return tx{}, nil
}

type tx struct{}

func (tx) Commit() error   { return nil }
func (tx) Rollback() error { return nil }

// begins is a driver's connection whose transactions begin through the wrapper.
type begins struct {
	conn
	*ConnBeginTxTraced
}

func (b begins) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return b.ConnBeginTxTraced.BeginTx(ctx, o)
}

func (b begins) Connect(context.Context) (driver.Conn, error) { return b, nil }
func (b begins) Driver() driver.Driver                        { return nil }

// TestConnBeginTx: database/sql takes the wrapper of a driver's interface.
func TestConnBeginTx(t *testing.T) {
	trace(t, func(t *testing.T, ctx context.Context) {
		db := NewDBTraced(sql.OpenDB(begins{conn{}, NewConnBeginTxTraced(conn{})}))
		defer db.Close()
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
		if _, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err == nil || err.Error() != "read only" {
			t.Error(err)
		}
		c, err := db.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := NewConnTraced(c).PingContext(ctx); err != nil {
			t.Error(err)
		}
		c.Close()
	}, "database/sql/driver.ConnBeginTx.BeginTx", "database/sql.DB.BeginTx", "database/sql.Conn.PingContext")
}

var _ io.Closer = (*DBTraced)(nil)
