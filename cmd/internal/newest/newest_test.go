// Package newest tests Sonde with what newer releases of other modules have
// than those that its own module builds with at least.
package newest

import (
	"context"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/oteltrace"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondejetstream "github.com/sonde-go/sonde/rpctrace/nats/jetstream"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOTelValues: bytes, lists of any values and maps as attributes.
func TestOTelValues(t *testing.T) {
	svc, rec := profilertest.New(t, "svc")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	list := attribute.SliceValue(attribute.StringValue("a"), attribute.Float64Value(math.Inf(-1)), attribute.Value{})
	_, s := oteltrace.NewTracerProvider().Tracer("t").Start(ctx, "s", trace.WithAttributes(
		attribute.KeyValue{Key: "bytes", Value: attribute.ByteSliceValue([]byte("abc"))},
		attribute.KeyValue{Key: "list", Value: list},
		attribute.KeyValue{Key: "map", Value: attribute.MapValue(attribute.Int("k", 1), attribute.KeyValue{Key: "l", Value: list})},
	))
	s.End()
	info, _ := rec.One(t, "s").Start["otel"].(map[string]any)
	items := []any{"a", "-Infinity", nil}
	want := map[string]any{"bytes": "YWJj", "list": items, "map": map[string]any{"k": 1.0, "l": items}}
	if !reflect.DeepEqual(info["attributes"], want) {
		t.Errorf("%v, want %v", info["attributes"], want)
	}
}

// TestPushConsumer: the handler of pull consumers is that of push consumers too.
func TestPushConsumer(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	nc, err := nats.Connect(natstest.JetStream(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}})
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := stream.CreatePushConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "C", AckPolicy: jetstream.AckExplicitPolicy, DeliverSubject: "deliver"})
	if err != nil {
		t.Fatal(err)
	}
	svc, rec := profilertest.New(t, "svc")
	done := make(chan struct{}, 1)
	handler := sondejetstream.Handler(svc, func(_ context.Context, m jetstream.Msg) {
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
	})
	running, err := consumer.Consume(func(m jetstream.Msg) { handler(m); done <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	begun, root := svc.Begin(ctx, profiler.Opening{Name: "root"})
	defer root.Stop()
	if _, err := sondejetstream.Publish(begun, js, "s.a", []byte("body")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatal("nothing came")
	}
	running.Stop()
	<-running.Closed()
	in := rec.One(t, "nats_process")
	start, _ := in.Start["nats"].(map[string]any)
	stop, _ := in.Stop["nats"].(map[string]any)
	if in.Parent != rec.One(t, "nats_publish").ID || start["consumer"] != "C" || stop["ack"] != "ack" {
		t.Errorf("%+v", in)
	}
}
