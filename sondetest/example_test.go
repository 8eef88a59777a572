package sondetest_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"testing"

	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/sondetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// What the examples test, and what a test of theirs prepares.
var (
	db      *sql.DB                             // opened with sqltrace
	load    func(context.Context) error         // asks db
	insert  func(rows int)                      // into db
	handler func(*sql.DB) http.Handler          // asks db
	dial    func(*grpc.Server) *grpc.ClientConn // over bufconn
)

// A function that asks a database.
func ExampleProfile() {
	// In a _test.go file: func TestLoad(t *testing.T) { … }
	_ = func(t *testing.T) {
		p := sondetest.Profile(t, func(ctx context.Context) {
			if err := load(ctx); err != nil {
				t.Fatal(err)
			}
		})
		p.NoRepeatedQueries()
		p.MaxQueries(3)
		p.NoCallTo("payments.example")
	}
}

// A handler, which is given a Service of the Recorder as it is given the program's
// own.
func ExampleRequest() {
	_ = func(t *testing.T) {
		rec := sondetest.New(t)
		h := sondehttp.Handler(rec.Service("cart"), handler(db))
		p := rec.Profile(func(ctx context.Context) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, sondetest.Request(ctx, "GET", "/carts/7", nil))
			if w.Code != http.StatusOK {
				t.Fatal(w.Code)
			}
		})
		p.NoRepeatedQueries()
	}
}

// A server, which is asked through a connection.
func ExampleClient() {
	_ = func(t *testing.T) {
		rec := sondetest.New(t)
		srv := httptest.NewServer(sondehttp.Handler(rec.Service("cart"), handler(db)))
		defer srv.Close()
		p := rec.Profile(func(ctx context.Context) {
			res, err := sondetest.Client(ctx, srv.Client()).Get(srv.URL + "/carts/7")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		})
		p.NoRepeatedQueries()
	}
}

// A gRPC call. The client has its interceptor, and needs only the context.
func ExampleRecorder_Profile_grpc() {
	_ = func(t *testing.T) {
		rec := sondetest.New(t)
		srv := grpc.NewServer(grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(rec.Service("stock"))))
		stock := grpc_health_v1.NewHealthClient(dial(srv)) // with sondegrpc.UnaryClientInterceptor()
		p := rec.Profile(func(ctx context.Context) {
			if _, err := stock.Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
				t.Fatal(err)
			}
		})
		p.MaxQueries(1)
	}
}

// Calls that grow with the data, found without a number to maintain.
func ExampleScale() {
	_ = func(t *testing.T) {
		s := sondetest.Scale(t, insert, func(ctx context.Context) {
			if err := load(ctx); err != nil {
				t.Fatal(err)
			}
		})
		s.Linear(1, "db INSERT INTO audit VALUES (?)") // a line for each row
	}
}

// Old code, whose violations are known and may only become fewer.
func ExampleKnown() {
	_ = func(t *testing.T) {
		p := sondetest.Profile(t, func(ctx context.Context) {
			if err := load(ctx); err != nil {
				t.Fatal(err)
			}
		}, sondetest.Known("testdata/known.jsonl"))
		p.NoRepeatedQueries()
	}
}

// The whole of what a function does, in a file that a review sees change.
func ExampleTrace_Golden() {
	_ = func(t *testing.T) {
		p := sondetest.Profile(t, func(ctx context.Context) {
			if err := load(ctx); err != nil {
				t.Fatal(err)
			}
		})
		p.Golden("testdata/load.golden")
	}
}
