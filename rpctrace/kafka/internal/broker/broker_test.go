// Package broker_test tests sondekafka with a broker. It is a module of its own, since the
// broker, kfake, needs a newer Go and a newer client than sondekafka does.
package broker_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace/kafka"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broker returns a client of a broker that has the topic "orders". The broker is
// kfake, which is the client's authors' own: no real one is to be had everywhere.
func broker(t *testing.T) *kgo.Client {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("orders"),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.WithHooks(sondekafka.NewHook()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func next(t *testing.T, client *kgo.Client) *kgo.Record {
	t.Helper()
	fetches := client.PollRecords(t.Context(), 1)
	if err := fetches.Err(); err != nil {
		t.Fatal(err)
	}
	return fetches.Records()[0]
}

func headersOf(r *kgo.Record) (sent profilertest.Headers, own int) {
	sent = profilertest.Headers{}
	for _, h := range r.Headers {
		switch h.Key {
		case header.InfoName, header.HMACName, header.TraceParentName:
			sent[h.Key] += string(h.Value)
		default:
			own++
		}
	}
	return sent, own
}

func TestSends(t *testing.T) {
	client := broker(t)
	profilertest.Sender{
		Send: func(t *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
			r := &kgo.Record{Topic: "orders", Value: []byte("body")}
			for name, value := range h.All() {
				r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
			}
			own := append(make([]kgo.RecordHeader, 0, 8), append(r.Headers, kgo.RecordHeader{Key: "own", Value: []byte("kept")})...)
			r.Headers = own
			if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if r.Context != ctx {
				t.Error("the record's context is not the program's")
			}
			if spare := own[:cap(own)][len(own)]; spare.Key != "" {
				t.Errorf("the program's list of headers has become longer by %s", spare.Key)
			}
			got := next(t, client)
			sent, kept := headersOf(got)
			if kept != 1 || string(got.Value) != "body" {
				t.Errorf("received %v %q", got.Headers, got.Value)
			}
			return sent
		},
	}.Test(t)
}

func TestPoints(t *testing.T) {
	client := broker(t)
	shop, sent := profilertest.New(t, "shop")
	stock, received := profilertest.New(t, "stock")
	ctx, root := shop.Begin(context.Background(), profiler.Opening{Name: "root"})
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: []byte("body")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	tooLarge := client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: make([]byte, 2<<20)}).FirstErr()
	root.Stop()
	if tooLarge == nil {
		t.Fatal("a record of 2 MB is taken")
	}
	out := sent.Named(t, "kafka_publish")
	if len(out) != 2 || out[0].Kind != layer.Producer || out[1].Stop["message"] != tooLarge.Error() {
		t.Fatalf("%+v", out)
	}
	if got, want := out[0].Start["kafka"].(map[string]any), map[string]any{"topic": "orders", "bytes": 4.0}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := out[0].Stop["kafka"].(map[string]any), map[string]any{"partition": 0.0, "offset": 0.0}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}

	r, failed := next(t, client), errors.New("out of stock")
	err := sondekafka.Handle(context.Background(), stock, r, func(context.Context) error { return failed }, sondekafka.WithName("rpc"))
	if !errors.Is(err, failed) {
		t.Error(err)
	}
	in := received.One(t, "rpc")
	if in.Parent != out[0].ID || in.Kind != layer.Consumer || in.Stop["message"] != "out of stock" {
		t.Errorf("%+v, below %+v", in, out[0])
	}
	_, batch := sondekafka.ProcessRecords(context.Background(), stock, []*kgo.Record{r, r})
	batch.Stop()
	if in := received.One(t, "kafka_process"); in.Parent != out[0].ID || in.Start["kafka"].(map[string]any)["messages"] != 2.0 {
		t.Errorf("%+v, below %+v", in, out[0])
	}
}
