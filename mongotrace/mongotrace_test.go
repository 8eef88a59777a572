package mongotrace_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/mongotrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPoints(t *testing.T) {
	server := servertest.FerretDB(t, nil)
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + server.Addr).SetMonitor(mongotrace.NewMonitor()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	orders := client.Database("test").Collection("orders")
	mustInsert := func(id int) {
		t.Helper()
		if _, err := orders.InsertOne(context.Background(), bson.M{"_id": id, "customer": "secret"}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		mustInsert(i)
	}
	for _, test := range []struct {
		name  string
		call  func(context.Context) error
		want  []map[string]any // the group of each point
		fails string           // what the error that is recorded of the last begins with
	}{
		{
			name: "an insertion",
			call: func(ctx context.Context) error {
				_, err := orders.InsertOne(ctx, bson.M{"_id": 17, "customer": "secret"})
				return err
			},
			want: []map[string]any{{"command": "insert", "database": "test", "collection": "orders", "documents": 1.0}},
		}, {
			name: "a query in batches",
			call: func(ctx context.Context) error {
				c, err := orders.Find(ctx, bson.M{"customer": "secret"}, options.Find().SetBatchSize(4))
				if err != nil {
					return err
				}
				var all []bson.M
				return c.All(ctx, &all)
			},
			want: []map[string]any{
				{"command": "find", "database": "test", "collection": "orders"},
				{"command": "getMore", "database": "test", "collection": "orders"},
			},
		}, {
			name: "nothing there",
			call: func(ctx context.Context) error {
				if err := orders.FindOne(ctx, bson.M{"_id": 404}).Err(); !errors.Is(err, mongo.ErrNoDocuments) {
					return fmt.Errorf("found: %w", err)
				}
				return nil
			},
			want: []map[string]any{{"command": "find", "database": "test", "collection": "orders"}},
		}, {
			name: "a key that exists",
			call: func(ctx context.Context) error {
				if _, err := orders.InsertOne(ctx, bson.M{"_id": 1}); !mongo.IsDuplicateKeyError(err) {
					return fmt.Errorf("inserted: %w", err)
				}
				return nil
			},
			want:  []map[string]any{{"command": "insert", "database": "test", "collection": "orders", "documents": 0.0, "error_code": 11000.0}},
			fails: "E11000",
		}, {
			name: "an unknown command",
			call: func(ctx context.Context) error {
				if err := client.Database("test").RunCommand(ctx, bson.D{{Key: "noSuch", Value: 1}}).Err(); err == nil {
					return errors.New("known")
				}
				return nil
			},
			want:  []map[string]any{{"command": "noSuch", "database": "test"}},
			fails: "(CommandNotFound)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "shop")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			if err := test.call(ctx); err != nil {
				t.Error(err)
			}
			root.Stop()
			points := rec.Named(t, "mongodb")
			if len(points) != len(test.want) {
				t.Fatalf("%+v, want %v", points, test.want)
			}
			for i, p := range points {
				if p.Parent != rec.One(t, "root").ID {
					t.Error("a point is not below the caller's")
				}
				got := map[string]any{}
				for _, info := range []map[string]any{p.Start, p.Stop} {
					group, _ := info["mongodb"].(map[string]any)
					maps.Copy(got, group)
				}
				if !maps.Equal(got, test.want[i]) {
					t.Errorf("%v, want %v", got, test.want[i])
				}
				if text := fmt.Sprint(p.Start, p.Stop); strings.Contains(text, "secret") {
					t.Errorf("%s tells a value", text)
				}
			}
			message, _ := points[len(points)-1].Stop["message"].(string)
			if (message == "") != (test.fails == "") || !strings.HasPrefix(message, test.fails) {
				t.Errorf("recorded %q, want %q", message, test.fails)
			}
		})
	}
}

// TestEvents: what another monitor is told, and what is no longer remembered.
func TestEvents(t *testing.T) {
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	var told []string
	m := mongotrace.NewMonitor(mongotrace.WithName("documents"), mongotrace.WithMonitor(&event.CommandMonitor{
		Started:   func(context.Context, *event.CommandStartedEvent) { told = append(told, "started") },
		Succeeded: func(context.Context, *event.CommandSucceededEvent) { told = append(told, "succeeded") },
		Failed:    func(context.Context, *event.CommandFailedEvent) { told = append(told, "failed") },
	}))
	command, err := bson.Marshal(bson.D{{Key: "insert", Value: "users"}})
	if err != nil {
		t.Fatal(err)
	}
	finished := event.CommandFinishedEvent{CommandName: "insert", RequestID: 7, ConnectionID: "a"}
	for _, ctx := range []context.Context{ctx, context.Background()} {
		m.Started(ctx, &event.CommandStartedEvent{Command: command, CommandName: "insert", RequestID: 7, ConnectionID: "a"})
		m.Failed(ctx, &event.CommandFailedEvent{CommandFinishedEvent: finished, Failure: errors.New(`E11000 index: email dup key: { email: "secret" }`)})
		m.Succeeded(ctx, &event.CommandSucceededEvent{CommandFinishedEvent: finished}) // of a command that has ended
	}
	root.Stop()
	if want := "started failed succeeded started failed succeeded"; strings.Join(told, " ") != want {
		t.Errorf("told %v, want %s", told, want)
	}
	if p := rec.One(t, "documents"); p.Stop["message"] != "E11000 index: email" {
		t.Errorf("%+v", p.Stop)
	}
}

// TestRefusals: writes that the driver returns an error for, though the command has
// succeeded, and what is quoted of documents.
func TestRefusals(t *testing.T) {
	refused := func(code int, text string) bson.D {
		return bson.D{{Key: "code", Value: code}, {Key: "errmsg", Value: text}}
	}
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	for i, tt := range []struct {
		name                 string
		reply                bson.D
		etype, message, code any
	}{
		{"none", bson.D{{Key: "ok", Value: 1}}, nil, nil, nil},
		{"unconfirmed", bson.D{{Key: "ok", Value: 1}, {Key: "writeConcernError", Value: refused(64, "waiting for replication timed out")}}, "WriteConcernError", "waiting for replication timed out", 64.0},
		{"refused", bson.D{{Key: "writeErrors", Value: bson.A{refused(28, `Cannot create field 'b' in element {a: "secret"}`)}}, {Key: "writeConcernError", Value: refused(64, "")}}, "WriteError", "Cannot create field 'b' in element {…}", 28.0},
		{"nested", bson.D{{Key: "writeErrors", Value: bson.A{refused(14, `Cannot apply $inc. {_id: {a: "secret"}} has the field 'x'`)}}}, "WriteError", "Cannot apply $inc. {…} has the field 'x'", 14.0},
		{"odd", bson.D{{Key: "writeErrors", Value: bson.A{}}, {Key: "writeConcernError", Value: "secret"}}, nil, nil, nil},
	} {
		reply, err := bson.Marshal(tt.reply)
		if err != nil {
			t.Fatal(err)
		}
		m := mongotrace.NewMonitor(mongotrace.WithName(tt.name))
		m.Started(ctx, &event.CommandStartedEvent{RequestID: int64(i)})
		m.Succeeded(ctx, &event.CommandSucceededEvent{CommandFinishedEvent: event.CommandFinishedEvent{RequestID: int64(i)}, Reply: reply})
		stop := rec.One(t, tt.name).Stop
		group, _ := stop["mongodb"].(map[string]any)
		if stop["etype"] != tt.etype || stop["message"] != tt.message || group["error_code"] != tt.code {
			t.Errorf("%s: %v", tt.name, stop)
		}
	}
	root.Stop()
}

func TestAllocUntraced(t *testing.T) {
	ctx, m := context.Background(), mongotrace.NewMonitor()
	started := &event.CommandStartedEvent{CommandName: "ping", RequestID: 7}
	succeeded := &event.CommandSucceededEvent{}
	if n := race.Allocs(100, func() { m.Started(ctx, started); m.Succeeded(ctx, succeeded) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
