package sondepgx_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/sondetest"
	"github.com/sonde-go/sonde/sqltrace"
	sondepgx "github.com/sonde-go/sonde/sqltrace/pgx"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dsn(s *servertest.Server) string {
	return "postgres://postgres@" + s.Addr + "/test?sslmode=disable"
}

// connect returns a connection whose tracer change sets.
func connect(t *testing.T, s *servertest.Server, change func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn(s))
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func with(opts ...sqltrace.Option) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) { sondepgx.Trace(c, opts...) }
}

// trace calls do in a trace and returns the points below its root.
func trace(t *testing.T, do func(ctx context.Context)) []profilertest.Point {
	t.Helper()
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	do(ctx)
	root.Stop()
	return slices.DeleteFunc(rec.Points(t), func(p profilertest.Point) bool { return p.Name == "root" })
}

// told is what the group of p says, without what differs from run to run: whether it
// has a hash and how long preparing took is told as true.
func told(p profilertest.Point) map[string]any {
	all := map[string]any{}
	for _, info := range []map[string]any{p.Start, p.Stop} {
		group, _ := info["db"].(map[string]any)
		maps.Copy(all, group)
	}
	for _, key := range []string{"args_hash", "prepare"} {
		if _, ok := all[key]; ok {
			all[key] = true
		}
	}
	return all
}

func TestPostgreSQL(t *testing.T) {
	server := servertest.Postgres(t)
	for name, test := range map[string]func(*testing.T, *servertest.Server){
		"points": testPoints, "hash": testHash, "cancelled": testCancelled, "pool": testPool, "waits": testWaits,
		"as without": testAsWithout, "other tracer": testOtherTracer, "passes on": testPassesOn,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

const schema = `DROP TABLE IF EXISTS goods; CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(40) UNIQUE, n INT CHECK (n > 0));
	INSERT INTO goods VALUES (1, 'anvil', 7), (2, 'bolt', 8)`

func testPoints(t *testing.T, server *servertest.Server) {
	type attrs = map[string]any
	for _, test := range []struct {
		name  string
		opts  []sqltrace.Option
		call  func(context.Context, *pgx.Conn) error
		point string
		want  attrs
		fails string // what the error that is recorded contains
	}{
		{
			name: "a query",
			call: func(ctx context.Context, c *pgx.Conn) error {
				rows, err := c.Query(ctx, "SELECT id FROM goods WHERE n < $1 AND name <> 'Secret'", 100)
				if err != nil {
					return err
				}
				_, err = pgx.CollectRows(rows, pgx.RowTo[int])
				return err
			},
			point: "db", want: attrs{"statement": "SELECT id FROM goods WHERE n < $1 AND name <> ?", "fingerprint": "SELECT id FROM goods WHERE n < ? AND name <> ?", "args_hash": true, "rows": 2.0, "prepare": true},
		}, {
			name: "a row of none",
			call: func(ctx context.Context, c *pgx.Conn) error {
				return c.QueryRow(ctx, "SELECT id FROM goods WHERE name = $1", "Secret").Scan(new(int))
			},
			point: "db", want: attrs{"statement": "SELECT id FROM goods WHERE name = $1", "fingerprint": "SELECT id FROM goods WHERE name = ?", "args_hash": true, "rows": 0.0, "prepare": true},
		}, {
			name: "exec, literals and arguments",
			opts: []sqltrace.Option{sqltrace.WithName("orders"), sqltrace.WithLiterals(), sqltrace.WithArgs(sqltrace.ArgsAll())},
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "UPDATE goods SET n = 5 WHERE id = $1", 1)
				return err
			},
			point: "orders", want: attrs{
				"statement": "UPDATE goods SET n = 5 WHERE id = $1", "fingerprint": "UPDATE goods SET n = ? WHERE id = ?",
				"params": "[1]", "args_hash": true, "rows_affected": 1.0, "prepare": true,
			},
		}, {
			name: "named arguments and a mode", opts: []sqltrace.Option{sqltrace.WithArgs(sqltrace.ArgsAllow("id"))},
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "UPDATE goods SET name = @name WHERE id = @id", pgx.QueryExecModeExec, pgx.NamedArgs{"id": 3, "name": "Secret"})
				return err
			},
			point: "db", want: attrs{
				"statement": "UPDATE goods SET name = @name WHERE id = @id", "fingerprint": "UPDATE goods SET name = ? WHERE id = ?", "params": "map[id:3 name:string(6)]", "args_hash": true, "rows_affected": 0.0,
			},
		}, {
			name: "no number of rows",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "CREATE TEMP TABLE t (n INT)")
				return err
			},
			point: "db", want: attrs{"statement": "CREATE TEMP TABLE t (n INT)"},
		}, {
			name: "arguments that only pgx understands",
			call: func(ctx context.Context, c *pgx.Conn) error {
				return c.QueryRow(ctx, "SELECT $1::json->>'a'", map[string]any{"a": "Secret"}).Scan(new(string))
			},
			point: "db", want: attrs{"statement": "SELECT $1::json->>?", "fingerprint": "SELECT ?::json->>?", "rows": 1.0, "prepare": true},
		}, {
			name: "a list as argument",
			call: func(ctx context.Context, c *pgx.Conn) error {
				return c.QueryRow(ctx, "SELECT count(*) FROM goods WHERE name = ANY($1)", []string{"Secret", "bolt"}).Scan(new(int))
			},
			point: "db", want: attrs{"statement": "SELECT count(*) FROM goods WHERE name = ANY($1)", "fingerprint": "SELECT count(*) FROM goods WHERE name = ANY(?)", "args_hash": true, "rows": 1.0, "prepare": true},
		}, {
			name: "a duplicate",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "INSERT INTO goods VALUES ($1, $2, 1), (4, 'Secret', 2)", 3, "Secret")
				return err
			},
			point: "db", fails: `"goods_name_key"`,
			want: attrs{"statement": "INSERT INTO goods VALUES ($1, $2, ?), (?, ?, ?)", "args_hash": true, "error_code": "23505", "prepare": true, "fingerprint": "INSERT INTO goods VALUES (?)"},
		}, {
			name: "a value that cannot be encoded",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "UPDATE goods SET n = $1", []string{"Secret"})
				return err
			},
			point: "db", fails: "unable to encode ? into",
			want: attrs{"statement": "UPDATE goods SET n = $1", "fingerprint": "UPDATE goods SET n = ?", "args_hash": true, "prepare": true},
		}, {
			name: "a row that cannot be read",
			call: func(ctx context.Context, c *pgx.Conn) error {
				return c.QueryRow(ctx, "SELECT name || 'Secret' FROM goods").Scan(new(int))
			},
			point: "db", fails: "can't scan into dest[0]",
			want: attrs{"statement": "SELECT name || ? FROM goods", "args_hash": true, "prepare": true, "rows": 2.0},
		}, {
			name: "a statement that is no SQL",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "SELECT 'Secret' FROM FROM")
				return err
			},
			point: "db", fails: "syntax error",
			want: attrs{"statement": "SELECT ? FROM FROM", "args_hash": true, "error_code": "42601"},
		}, {
			name: "preparing",
			call: func(ctx context.Context, c *pgx.Conn) error {
				if _, err := c.Prepare(ctx, "one", "SELECT 1"); err != nil {
					return err
				}
				_, err := c.Prepare(ctx, "one", "SELECT 1") // is prepared already
				return err
			},
			point: "db_prepare", want: attrs{"statement": "SELECT ?", "args_hash": true},
		}, {
			name: "a batch",
			call: func(ctx context.Context, c *pgx.Conn) error {
				b := &pgx.Batch{}
				b.Queue("UPDATE goods SET n = n + $1", 7)
				b.Queue("SELECT name FROM goods WHERE id = $1", 1)
				b.Queue("SELECT name FROM goods WHERE id = $1", 2)
				return c.SendBatch(ctx, b).Close()
			},
			point: "db_batch", want: attrs{
				"statement": "UPDATE goods SET n = n + $1;\nSELECT name FROM goods WHERE id = $1", "fingerprint": "UPDATE goods SET n = n + ?; SELECT name FROM goods WHERE id = ?",
				"args_hash": true, "statements": 3.0, "rows": 2.0, "rows_affected": 2.0,
			},
		}, {
			name: "a batch that fails",
			call: func(ctx context.Context, c *pgx.Conn) error {
				b := &pgx.Batch{}
				b.Queue("SELECT 1")
				b.Queue("INSERT INTO goods VALUES (3, $1, 1), (4, $1, 1)", "Secret")
				return c.SendBatch(ctx, b).Close()
			},
			point: "db_batch", fails: "duplicate key", want: attrs{
				"statement": "SELECT ?;\nINSERT INTO goods VALUES (?, $1, ?), (?, $1, ?)", "fingerprint": "SELECT ?; INSERT INTO goods VALUES (?)",
				"args_hash": true, "statements": 2.0, "rows": 1.0, "error_code": "23505",
			},
		}, {
			name: "a batch that cannot be sent",
			call: func(ctx context.Context, c *pgx.Conn) error {
				b := &pgx.Batch{}
				b.Queue("SELECT nothing FROM nowhere")
				return c.SendBatch(ctx, b).Close()
			},
			point: "db_batch", fails: "nowhere",
			want: attrs{"statement": "SELECT nothing FROM nowhere", "args_hash": true, "statements": 1.0, "error_code": "42P01"},
		}, {
			name: "copying",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.CopyFrom(ctx, pgx.Identifier{"goods"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{3, "Secret"}, {4, "x"}}))
				return err
			},
			point: "db", want: attrs{"statement": `COPY "goods" ("id", "name") FROM STDIN`, "rows_affected": 2.0, "prepare": true},
		}, {
			name: "copying what does not fit",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.CopyFrom(ctx, pgx.Identifier{"goods"}, []string{"id"}, pgx.CopyFromRows([][]any{{"Secret"}}))
				return err
			},
			point: "db", fails: "unable to encode ? into", want: attrs{"statement": `COPY "goods" ("id") FROM STDIN`, "error_code": "57014", "prepare": true},
		}, {
			name: "copying what is there",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.CopyFrom(ctx, pgx.Identifier{"goods"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{3, "Secret"}, {4, "Secret"}}))
				return err
			},
			point: "db", fails: `"goods_name_key"`, want: attrs{"statement": `COPY "goods" ("id", "name") FROM STDIN`, "error_code": "23505", "prepare": true},
		}, {
			name: "copying to nowhere",
			call: func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.CopyFrom(ctx, pgx.Identifier{"nowhere"}, []string{"id"}, pgx.CopyFromRows(nil))
				return err
			},
			point: "db", fails: "does not exist", want: attrs{"statement": `COPY "nowhere" ("id") FROM STDIN`, "error_code": "42P01", "prepare": true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := connect(t, server, with(test.opts...))
			if _, err := conn.Exec(context.Background(), schema); err != nil {
				t.Fatal(err)
			}
			var failed error
			points := trace(t, func(ctx context.Context) { failed = test.call(ctx, conn) })
			if len(points) != 1 || points[0].Name != test.point || !points[0].Stopped {
				t.Fatalf("%+v, want one point %s (%v)", points, test.point, failed)
			}
			p := points[0]
			got := told(p)
			if params, ok := got["params"]; ok {
				got["params"] = fmt.Sprint(params)
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("got  %v\nwant %v", got, test.want)
			}
			message, _ := p.Stop["message"].(string)
			if (message == "") != (test.fails == "") || !strings.Contains(message, test.fails) {
				t.Errorf("recorded %q of %v, want %q", message, failed, test.fails)
			}
			if text := fmt.Sprint(p.Start, p.Stop); strings.Contains(text, "Secret") {
				t.Errorf("%s tells a value", text)
			}
		})
	}
}

// testHash: only calls that send the same have the same hash.
func testHash(t *testing.T, server *servertest.Server) {
	conn := connect(t, server, with())
	seven, again := 7, int64(7)
	points := trace(t, func(ctx context.Context) {
		for _, args := range [][]any{
			{7}, {&seven}, {again}, {pgx.QueryExecModeExec, 7}, // the same
			{8}, {nil},
		} {
			if _, err := conn.Exec(ctx, "SELECT $1::int", args...); err != nil {
				t.Error(err)
			}
		}
		for range 2 {
			for _, list := range [][]int{{1, 2}, {2, 1}} {
				b := &pgx.Batch{}
				for _, n := range list {
					b.Queue(fmt.Sprintf("SELECT %d + $1", n), 1)
				}
				if err := conn.SendBatch(ctx, b).Close(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	var hashes []any
	for _, p := range points {
		hashes = append(hashes, p.Start["db"].(map[string]any)["args_hash"])
	}
	if len(hashes) != 10 {
		t.Fatalf("%d points", len(hashes))
	}
	for i, same := range []int{0, 0, 0, 0, 4, 5, 6, 7, 6, 7} {
		for j := range i {
			if equal := hashes[i] == hashes[j]; equal != (j == same || same == []int{0, 0, 0, 0, 4, 5, 6, 7, 6, 7}[j]) {
				t.Errorf("hashes of calls %d and %d: equal is %v", i, j, equal)
			}
		}
	}
}

// testCancelled: who gives up has not failed.
func testCancelled(t *testing.T, server *servertest.Server) {
	conn := connect(t, server, with())
	points := trace(t, func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := conn.Exec(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if len(points) != 1 || points[0].Stop["outcome"] != "cancelled" || points[0].Stop["etype"] != nil {
		t.Errorf("%+v", points)
	}
}

// testPool: what had to be waited for is a point, with the connection that was made
// for it below, and what was at hand is none.
func testPool(t *testing.T, server *servertest.Server) {
	config, err := pgxpool.ParseConfig(dsn(server) + "&pool_max_conns=1")
	if err != nil {
		t.Fatal(err)
	}
	sondepgx.Trace(config.ConnConfig)
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var conn *pgxpool.Conn
	points := trace(t, func(ctx context.Context) {
		if conn, err = pool.Acquire(ctx); err != nil {
			t.Fatal(err)
		}
	})
	if len(points) != 2 || points[0].Name != "db_acquire" || points[1].Name != "db_connect" || points[1].Parent != points[0].ID {
		t.Fatalf("%+v", points)
	}
	if got, want := told(points[0]), (map[string]any{"pool_size": 1.0, "pool_in_use": 1.0}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}

	points = trace(t, func(ctx context.Context) {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := pool.Acquire(gone); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if len(points) != 1 || points[0].Name != "db_acquire" || points[0].Stop["outcome"] != "cancelled" {
		t.Errorf("nothing to be had: %+v", points)
	}
	conn.Release()
	points = trace(t, func(ctx context.Context) {
		if _, err := pool.Exec(ctx, "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
	// On a busy machine even what is at hand may take a millisecond.
	points = slices.DeleteFunc(points, func(p profilertest.Point) bool { return p.Name == "db_acquire" })
	if len(points) != 1 || points[0].Name != "db" {
		t.Errorf("%+v", points)
	}
}

// onAcquire is a tracer that calls a function when a connection is asked for.
type onAcquire func()

func (f onAcquire) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	f()
	return ctx
}

func (onAcquire) TraceAcquireEnd(context.Context, *pgxpool.Pool, pgxpool.TraceAcquireEndData) {}

func (onAcquire) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (onAcquire) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// testWaits: the report says what the request waited for.
func testWaits(t *testing.T, server *servertest.Server) {
	config, err := pgxpool.ParseConfig(dsn(server) + "&pool_max_conns=1")
	if err != nil {
		t.Fatal(err)
	}
	asked := func() {}
	config.ConnConfig.Tracer = onAcquire(func() { asked() })
	sondepgx.Trace(config.ConnConfig)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked = func() { time.AfterFunc(50*time.Millisecond, held.Release) }
	found := findings.Find(sondetest.Profile(t, func(ctx context.Context) {
		if _, err := pool.Exec(ctx, "SELECT 1"); err != nil {
			t.Error(err)
		}
	}).Report(), findings.Options{}).Findings
	if !slices.ContainsFunc(found, func(f findings.Finding) bool {
		return f.Kind == findings.Waiting && f.Points[0].Name == "db_acquire" &&
			strings.HasPrefix(f.Text, "waited for a database connection") && strings.HasSuffix(f.Text, "; the pool has a single connection")
	}) {
		t.Errorf("%+v", found)
	}
}

// TestNobodyThere: that there is no connection is told where it was asked for.
func TestNobodyThere(t *testing.T) {
	config, err := pgx.ParseConfig("postgres://postgres:Secret@127.0.0.1:1/test?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	sondepgx.Trace(config)
	points := trace(t, func(ctx context.Context) {
		if _, err := pgx.ConnectConfig(ctx, config); err == nil {
			t.Error("connected")
		}
	})
	if len(points) != 1 || points[0].Name != "db_connect" || points[0].Stop["etype"] == nil || strings.Contains(fmt.Sprint(points[0].Stop), "Secret") {
		t.Errorf("%+v", points)
	}
}

// testAsWithout: what the database answers is the same with a tracer and without,
// traced or not.
func testAsWithout(t *testing.T, server *servertest.Server) {
	answers := func(ctx context.Context, change func(*pgx.ConnConfig)) (all []string) {
		conn := connect(t, server, change)
		tell := func(v any, err error) { all = append(all, fmt.Sprintf("%v %T %v", v, err, err)) }
		tell(conn.Exec(ctx, schema))
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
			rows, err := conn.Query(ctx, "SELECT id, name, n FROM goods WHERE id < $1 ORDER BY id", mode, 10)
			for _, f := range rows.FieldDescriptions() {
				tell(f.Name+" "+fmt.Sprint(f.DataTypeOID, f.Format), err)
			}
			tell(pgx.CollectRows(rows, pgx.RowToMap))
			var n int
			err = conn.QueryRow(ctx, "SELECT n FROM goods WHERE name = $1", mode, "none").Scan(&n)
			tell(n, err)
			tell(conn.Exec(ctx, "UPDATE goods SET n = n + $1", mode, 1))
			tell(conn.Exec(ctx, "UPDATE goods SET n = $1", mode, -1))
			tell(conn.Exec(ctx, "UPDATE nowhere SET n = $1", mode, -1))
		}
		tell(conn.Exec(ctx, "UPDATE goods SET n = @n", pgx.NamedArgs{"n": 3}))
		tell(conn.Exec(ctx, "UPDATE goods SET n = @n", pgx.StrictNamedArgs{"m": 3}))
		sd, err := conn.Prepare(ctx, "one", "SELECT n FROM goods WHERE id = $1")
		tell(sd.ParamOIDs, err)
		var n int
		tell(n, conn.QueryRow(ctx, "one", 1).Scan(&n))
		b := &pgx.Batch{}
		b.Queue("SELECT n FROM goods")
		b.Queue("one", 2).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		b.Queue("INSERT INTO goods VALUES (1)")
		tell(n, conn.SendBatch(ctx, b).Close())
		tell(conn.CopyFrom(ctx, pgx.Identifier{"goods"}, []string{"id"}, pgx.CopyFromRows([][]any{{3}, {4}})))
		tell(conn.CopyFrom(ctx, pgx.Identifier{"goods"}, []string{"id"}, pgx.CopyFromRows([][]any{{3}})))
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
		tell(nil, err)
		tell(tx.Exec(ctx, "DELETE FROM goods"))
		tell(nil, tx.Commit(ctx))
		gone, cancel := context.WithCancel(ctx)
		cancel()
		tell(conn.Exec(gone, "SELECT 1"))
		return all
	}
	want := answers(context.Background(), func(*pgx.ConnConfig) {})
	check := func(name string, got []string) {
		for i := range max(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("%s: got %s, want %s", name, got[i], want[i])
			}
		}
	}
	check("untraced", answers(context.Background(), with()))
	points := trace(t, func(ctx context.Context) { check("traced", answers(ctx, with())) })
	for _, p := range points {
		if !p.Stopped {
			t.Errorf("%+v has no end", p)
		}
	}
}

// other is the tracer that a program has already.
type other struct{ began, ended []string }

func (o *other) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	o.began = append(o.began, data.SQL)
	return ctx
}

func (o *other) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	o.ended = append(o.ended, data.CommandTag.String())
}

// testOtherTracer: a tracer that was there is told of what it was told of before, and
// tracing twice makes no second point.
func testOtherTracer(t *testing.T, server *servertest.Server) {
	for name, tracer := range map[string]*other{"another": {}, "none": nil} {
		conn := connect(t, server, func(c *pgx.ConnConfig) {
			if tracer != nil {
				c.Tracer = tracer
			}
			sondepgx.Trace(c)
			sondepgx.Trace(c)
		})
		points := trace(t, func(ctx context.Context) {
			if _, err := conn.Exec(ctx, "SELECT 1"); err != nil {
				t.Error(err)
			}
		})
		if len(points) != 1 || points[0].Name != "db" {
			t.Errorf("%s: %+v", name, points)
		}
		if tracer != nil && (!slices.Equal(tracer.began, []string{"SELECT 1"}) || !slices.Equal(tracer.ended, []string{"SELECT 1"})) {
			t.Errorf("%+v", tracer)
		}
	}
}

// testPassesOn: a panic of what a call does passes on. pgx tells of no end then, so
// the point has none.
func testPassesOn(t *testing.T, server *servertest.Server) {
	conn := connect(t, server, with())
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	profilertest.PassOn(t, func(fn func()) { _, _ = conn.Exec(ctx, "SELECT 1", rewriter(fn)) })
	root.Stop()
	if points := rec.Named(t, "db"); len(points) == 0 || points[0].Start["db"] == nil {
		t.Errorf("%+v", points)
	}
}

type rewriter func()

func (r rewriter) RewriteQuery(_ context.Context, _ *pgx.Conn, sql string, _ []any) (string, []any, error) {
	r()
	return sql, nil, nil
}

func TestAllocUntraced(t *testing.T) {
	config, err := pgx.ParseConfig("postgres://localhost/test")
	if err != nil {
		t.Fatal(err)
	}
	sondepgx.Trace(config)
	all, ok := config.Tracer.(interface {
		pgx.QueryTracer
		pgx.BatchTracer
		pgx.CopyFromTracer
		pgx.PrepareTracer
		pgx.ConnectTracer
		pgxpool.AcquireTracer
	})
	if !ok {
		t.Fatalf("%T", config.Tracer)
	}
	ctx, args := context.Background(), []any{"one", 2}
	if n := race.Allocs(100, func() {
		c := all.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: "SELECT $1, $2", Args: args})
		all.TraceQueryEnd(c, nil, pgx.TraceQueryEndData{})
		c = all.TraceBatchStart(ctx, nil, pgx.TraceBatchStartData{})
		all.TraceBatchQuery(c, nil, pgx.TraceBatchQueryData{})
		all.TraceBatchEnd(c, nil, pgx.TraceBatchEndData{})
		c = all.TraceCopyFromStart(ctx, nil, pgx.TraceCopyFromStartData{})
		all.TraceCopyFromEnd(c, nil, pgx.TraceCopyFromEndData{})
		c = all.TracePrepareStart(ctx, nil, pgx.TracePrepareStartData{})
		all.TracePrepareEnd(c, nil, pgx.TracePrepareEndData{})
		c = all.TraceConnectStart(ctx, pgx.TraceConnectStartData{})
		all.TraceConnectEnd(c, pgx.TraceConnectEndData{})
		c = all.TraceAcquireStart(ctx, nil, pgxpool.TraceAcquireStartData{})
		all.TraceAcquireEnd(c, nil, pgxpool.TraceAcquireEndData{})
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
