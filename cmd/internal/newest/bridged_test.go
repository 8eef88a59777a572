package newest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/XSAM/otelsql"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	//lint:ignore SA1019 There is no successor, and programs have it.
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/contrib/instrumentation/go.mongodb.org/mongo-driver/mongo/otelmongo"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	_ "modernc.org/sqlite"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/layer"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// work is what a program does with a client that an OpenTelemetry library instruments.
type work func(context.Context) error

// TestBridged: what unmodified instrumentation records stands below the program's own
// points, and what is below it, such as our transport in the client of AWS, below its
// points; nothing of a call without a trace is recorded, though another is traced
// meanwhile.
func TestBridged(t *testing.T) {
	for _, test := range []struct {
		library string
		open    func(*testing.T, trace.TracerProvider) work
		want    string // the tree below the program's point
		tells   string // is in the attributes of the first of these points; no value is in any
	}{
		{"redisotel", openRedis, "redis, redis", "statement:set]"},
		{"otelmongo", openMongo, "mongodb, mongodb", "statement:insert]"},
		{"otelaws", openAWS, "SQS.ListQueues client (http_client)", "ListQueues"},
		{"otelsql", openSQL, "db, db", "statement:SELECT ?, ?]"},
		{"otelhttp", openHTTP, "HTTP GET client", "GET"},
	} {
		t.Run(test.library, func(t *testing.T) {
			run := test.open(t, oteltrace.NewTracerProvider())
			svc, rec := signing(t, "shop")
			ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
			if err := run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if points := rec.Points(t); len(points) != 1 {
				t.Fatalf("without a trace: %+v", points)
			}
			ctx, own := profiler.Start(ctx, "own")
			if err := run(ctx); err != nil {
				t.Fatal(err)
			}
			own.Stop()
			root.Stop()
			if got := treeBelow(t, rec, own.ID()); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if all := fmt.Sprint(rec.Points(t)); strings.Contains(all, "secret") {
				t.Errorf("a value is recorded: %s", all)
			}
			if got := fmt.Sprint(rec.Points(t)[2]); !strings.Contains(got, test.tells) {
				t.Errorf("no %q in %s", test.tells, got)
			}
		})
	}
}

// treeBelow is each point below parent with its kind and, in brackets, those below it.
func treeBelow(t *testing.T, rec *profilertest.Recorder, parent header.ID) string {
	t.Helper()
	var all []string
	for _, p := range rec.Points(t) {
		if p.Parent != parent {
			continue
		}
		if !p.Stopped || p.Stop["etype"] != nil {
			t.Errorf("%+v", p)
		}
		text := p.Name
		if p.Kind != layer.Unspecified {
			text += " " + p.Kind.String()
		}
		if below := treeBelow(t, rec, p.ID); below != "" {
			text += " (" + below + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func openRedis(t *testing.T, p trace.TracerProvider) work {
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(t).Addr})
	t.Cleanup(func() { _ = client.Close() })
	if err := redisotel.InstrumentTracing(client, redisotel.WithTracerProvider(p)); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error {
		if err := client.Set(ctx, "order:17", "secret", 0).Err(); err != nil {
			return err
		}
		_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Get(ctx, "order:17")
			p.Get(ctx, "order:17")
			return nil
		})
		return err
	}
}

// openMongo uses the driver's first version: there is no otelmongo of the second one
// that every module proxy has.
func openMongo(t *testing.T, p trace.TracerProvider) work {
	client, err := mongo.Connect(t.Context(), options.Client().ApplyURI("mongodb://"+servertest.FerretDB(t, nil).Addr).
		SetMonitor(otelmongo.NewMonitor(otelmongo.WithTracerProvider(p))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	orders := client.Database("test").Collection("orders")
	return func(ctx context.Context) error {
		if _, err := orders.InsertOne(ctx, bson.M{"customer": "secret"}); err != nil {
			return err
		}
		return orders.FindOne(ctx, bson.M{"customer": "secret"}).Err()
	}
}

func openAWS(t *testing.T, p trace.TracerProvider) work {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(header.InfoName) != "" {
			t.Error("AWS is sent our headers")
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"QueueUrls":["http://queue"]}`)
	}))
	t.Cleanup(server.Close)
	o := sqs.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL),
		HTTPClient: &http.Client{Transport: sondehttp.Transport(server.Client().Transport, sondehttp.AllowHosts())},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	}
	otelaws.AppendMiddlewares(&o.APIOptions, otelaws.WithTracerProvider(p), otelaws.WithTextMapPropagator(propagation.TraceContext{}))
	client := sqs.New(o)
	return func(ctx context.Context) error {
		out, err := client.ListQueues(ctx, &sqs.ListQueuesInput{})
		if err == nil && len(out.QueueUrls) != 1 {
			return fmt.Errorf("queues %q", out.QueueUrls)
		}
		return err
	}
}

func openSQL(t *testing.T, p trace.TracerProvider) work {
	db, err := otelsql.Open("sqlite", t.TempDir()+"/db", otelsql.WithTracerProvider(p),
		otelsql.WithSpanOptions(otelsql.SpanOptions{RowsChildOfQuery: true, OmitConnResetSession: true}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return func(ctx context.Context) error {
		var n int
		var text string
		if err := db.QueryRowContext(ctx, "SELECT 17, 'secret'").Scan(&n, &text); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS orders (id)")
		return err
	}
}

func openHTTP(t *testing.T, p trace.TracerProvider) work {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: otelhttp.NewTransport(server.Client().Transport, otelhttp.WithTracerProvider(p))}
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			return err
		}
		res, err := client.Do(r)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
}
