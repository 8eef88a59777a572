package sondekafka_test

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace/kafka"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func with(h profilertest.Headers, r *kgo.Record) *kgo.Record {
	for name, value := range h.All() {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return r
}

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "kafka", Kind: layer.Consumer,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			_ = sondekafka.Handle(ctx, svc, with(h, &kgo.Record{Topic: "orders"}), func(ctx context.Context) error {
				inside(ctx)
				return nil
			})
		},
	}.Test(t)
}

// TestHook goes without a broker; internal/broker has one.
func TestHook(t *testing.T) {
	hook := sondekafka.NewHook().(producer)
	profilertest.Sender{
		Send: func(t *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
			r := with(h, &kgo.Record{Topic: "orders", Context: ctx, Headers: []kgo.RecordHeader{{Key: "own"}}})
			hook.OnProduceRecordBuffered(r)
			sent := profilertest.Headers{}
			for _, h := range r.Headers {
				if h.Key != "own" {
					sent[h.Key] += string(h.Value)
				}
			}
			hook.OnProduceRecordUnbuffered(r, nil)
			if r.Context != ctx {
				t.Error("the record's context is not the program's")
			}
			return sent
		},
	}.Test(t)
	hook.OnProduceRecordBuffered(&kgo.Record{}) // older clients leave the context nil
}

type producer interface {
	kgo.HookProduceRecordBuffered
	kgo.HookProduceRecordUnbuffered
}

func TestPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "stock")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profilertest.PassOn(t, func(fn func()) {
		_ = sondekafka.Handle(ctx, svc, &kgo.Record{}, func(context.Context) error { fn(); return nil })
	})
	rec.Unwound(t, "kafka_process")
}

func TestAllocUntraced(t *testing.T) {
	svc, _ := profilertest.New(t, "stock")
	ctx, r := context.Background(), with(nil, &kgo.Record{Context: context.Background(), Headers: []kgo.RecordHeader{{Key: "own"}}})
	hook := sondekafka.NewHook().(producer)
	fn := func(context.Context) error { return nil }
	if n := race.Allocs(100, func() {
		hook.OnProduceRecordBuffered(r)
		hook.OnProduceRecordUnbuffered(r, nil)
		_ = sondekafka.Handle(ctx, svc, r, fn)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
