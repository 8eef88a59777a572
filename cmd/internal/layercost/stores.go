package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"net/http"
	"strings"

	"github.com/XSAM/otelsql"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jmoiron/sqlx"
	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/mongotrace"
	"github.com/sonde-go/sonde/redistrace"
	"github.com/sonde-go/sonde/sqltrace"
	formerbson "go.mongodb.org/mongo-driver/bson"
	formerevent "go.mongodb.org/mongo-driver/event"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	//lint:ignore SA1019 There is no successor, and programs have it.
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/contrib/instrumentation/go.mongodb.org/mongo-driver/mongo/otelmongo"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// nothing is a database driver whose queries give no row and cost little.
type nothing struct{}

func (nothing) Connect(context.Context) (driver.Conn, error) { return nothing{}, nil }
func (nothing) Driver() driver.Driver                        { return nothing{} }
func (nothing) Open(string) (driver.Conn, error)             { return nothing{}, nil }
func (nothing) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (nothing) Close() error                                 { return nil }
func (nothing) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (nothing) Columns() []string                            { return nil }
func (nothing) Next([]driver.Value) error                    { return io.EOF }
func (nothing) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nothing{}, nil
}

func (r *rig) sql() row {
	query := func(db *sql.DB) call {
		r.opened = append(r.opened, db)
		return func(traced bool) {
			check(must(db.QueryContext(r.ctx(traced), "SELECT n FROM stock WHERE sku = 'tea'")).Close())
		}
	}
	otel := func(p trace.TracerProvider) call {
		return query(otelsql.OpenDB(nothing{}, otelsql.WithTracerProvider(p), otelsql.WithSpanOptions(otelsql.SpanOptions{RowsChildOfQuery: true})))
	}
	return row{"database/sql query", query(sql.OpenDB(nothing{})), query(sqltrace.OpenDB(nothing{})), otel(r.provider), otel(noop.NewTracerProvider())}
}

func (r *rig) sqlx() row {
	query := func(db *sql.DB) call {
		r.opened = append(r.opened, db)
		x := sqlx.NewDb(db, "pgx")
		return func(traced bool) {
			check(must(x.QueryxContext(r.ctx(traced), "SELECT n FROM stock WHERE sku = 'tea'")).Close())
		}
	}
	return row{name: "sqlx query", bare: query(sql.OpenDB(nothing{})), native: query(sqltrace.OpenDB(nothing{}))}
}

// answering is a hook that answers in place of a server.
type answering struct{}

func (answering) DialHook(next redis.DialHook) redis.DialHook { return next }
func (answering) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { return nil }
}
func (answering) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { return nil }
}

func (r *rig) redis() row {
	get := func(instrument func(*redis.Client)) call {
		client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
		r.opened = append(r.opened, client)
		instrument(client)
		client.AddHook(answering{}) // the last hook is the innermost
		return func(traced bool) { check(client.Get(r.ctx(traced), "order").Err()) }
	}
	otel := func(p trace.TracerProvider) call {
		return get(func(c *redis.Client) { check(redisotel.InstrumentTracing(c, redisotel.WithTracerProvider(p))) })
	}
	return row{"Redis command", get(func(*redis.Client) {}), get(func(c *redis.Client) { c.AddHook(redistrace.NewHook()) }),
		otel(r.provider), otel(noop.NewTracerProvider())}
}

// mongo has the events of one command, which each version of the driver has types of
// its own for.
func (r *rig) mongo() row {
	m := mongotrace.NewMonitor()
	command := bson.Raw(must(bson.Marshal(bson.D{{Key: "find", Value: "orders"}})))
	started := &event.CommandStartedEvent{Command: command, DatabaseName: "shop", CommandName: "find", RequestID: 1, ConnectionID: "localhost:27017[-1]"}
	succeeded := &event.CommandSucceededEvent{CommandFinishedEvent: event.CommandFinishedEvent{CommandName: "find", RequestID: 1, ConnectionID: started.ConnectionID}}
	otel := func(p trace.TracerProvider) call {
		m := otelmongo.NewMonitor(otelmongo.WithTracerProvider(p))
		command := formerbson.Raw(must(formerbson.Marshal(formerbson.D{{Key: "find", Value: "orders"}})))
		started := &formerevent.CommandStartedEvent{Command: command, DatabaseName: "shop", CommandName: "find", RequestID: 1, ConnectionID: "localhost:27017[-1]"}
		succeeded := &formerevent.CommandSucceededEvent{CommandFinishedEvent: formerevent.CommandFinishedEvent{CommandName: "find", RequestID: 1, ConnectionID: started.ConnectionID}}
		return func(traced bool) {
			m.Started(r.ctx(traced), started)
			m.Succeeded(r.ctx(traced), succeeded)
		}
	}
	return row{"MongoDB command", func(bool) {}, func(traced bool) {
		m.Started(r.ctx(traced), started)
		m.Succeeded(r.ctx(traced), succeeded)
	}, otel(r.provider), otel(noop.NewTracerProvider())}
}

// queues answers as AWS does to ListQueues.
type queues struct{}

func (queues) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{}`)),
	}, nil
}

// sqs is AWS' client. Its own layer is that of the HTTP requests that it sends.
func (r *rig) sqs() row {
	list := func(rt http.RoundTripper, more ...func(*sqs.Options)) call {
		client := sqs.New(sqs.Options{
			Region: "eu-west-1", HTTPClient: &http.Client{Transport: rt},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
			}),
		}, more...)
		return func(traced bool) { must(client.ListQueues(r.ctx(traced), &sqs.ListQueuesInput{})) }
	}
	otel := func(p trace.TracerProvider) call {
		return list(queues{}, func(o *sqs.Options) {
			otelaws.AppendMiddlewares(&o.APIOptions, otelaws.WithTracerProvider(p), otelaws.WithTextMapPropagator(r.propagator))
		})
	}
	return row{"AWS call (SQS)", list(queues{}), list(sondehttp.Transport(queues{}, sondehttp.AllowHosts())), otel(r.provider), otel(noop.NewTracerProvider())}
}
