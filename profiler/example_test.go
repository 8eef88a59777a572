package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// printing is a Service that prints its records, as in the example of New.
func printing() *profiler.Service { return example(printer{}, nil) }

// silent is a Service whose records are stored without a word.
func silent() *profiler.Service { return example(discard{}, nil) }

func example(sink record.Sink, sampler profiler.Sampler) *profiler.Service {
	keys, err := header.ParseKeys("a key that all services share")
	if err != nil {
		log.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{
		Name: "shop", Host: "web-1", Keys: keys, Sink: sink, Sampler: sampler,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	return svc
}

func ExampleStart() {
	svc := printing()
	defer svc.Close(context.Background())

	price := func(ctx context.Context, sku string) int {
		ctx, p := profiler.Start(ctx, "price", slog.String("sku", sku))
		defer p.Stop()
		_ = ctx // for what price calls
		return 1250
	}

	price(context.Background(), "coffee") // no trace in the context: nothing is recorded

	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	price(ctx, "tea")
	root.Stop()

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// price-start {"sku":"tea","sonde":{"kind":"internal"},"host":"web-1"}
	// price-stop {"host":"web-1"}
	// order-stop {"host":"web-1"}
}

func ExampleTrace() {
	svc := printing()
	defer svc.Close(context.Background())

	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	err := profiler.Trace(ctx, "charge", func(context.Context) error {
		return errors.New("the card has expired")
	}, slog.Int("cents", 1250))
	root.Fail(err)

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// charge-start {"cents":1250,"sonde":{"kind":"internal"},"host":"web-1"}
	// charge-stop {"etype":"errors.errorString","message":"the card has expired","host":"web-1"}
	// order-stop {"etype":"errors.errorString","message":"the card has expired","host":"web-1"}
}

// A job that no request has asked for is a trace of its own.
func ExampleService_Begin() {
	svc := printing()
	defer svc.Close(context.Background())

	ctx, job := svc.Begin(context.Background(), profiler.Opening{Name: "nightly_report"})
	_, p := profiler.Start(ctx, "collect")
	p.Stop(slog.Int("orders", 3))
	job.Stop()

	// Output:
	// nightly_report-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// collect-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// collect-stop {"orders":3,"host":"web-1"}
	// nightly_report-stop {"host":"web-1"}
}

// The trace takes an id that the work already has, so that either leads to the
// other.
func ExampleService_BeginAs() {
	svc := silent()
	defer svc.Close(context.Background())

	id, err := header.ParseID("7d0a5a4e-3c5b-4f5e-9d3c-0c8f5b1e2a90")
	if err != nil {
		log.Fatal(err)
	}
	ctx, job := svc.BeginAs(context.Background(), id, profiler.Opening{Name: "job"})
	defer job.Stop()
	fmt.Println("the trace is", profiler.BaseID(ctx))

	// Output:
	// the trace is 7d0a5a4e-3c5b-4f5e-9d3c-0c8f5b1e2a90
}

// The consumer of a toy bus, whose messages have a topic and headers: Receive
// decides whether a message is traced, and Open opens its point.
func ExampleService_Receive() {
	type message struct {
		topic  string
		header http.Header
	}
	toy := &layer.Layer{Group: "toy", Kind: layer.Consumer, Label: "{toy.topic}"}
	process := func(ctx context.Context, svc *profiler.Service, m message, handle func(context.Context) error) error {
		in := svc.Receive(ctx, profiler.Arrival{Layer: "toy", Kind: layer.Consumer, Path: m.topic}, m.header)
		if !in.Traced() {
			return handle(ctx)
		}
		ctx, p := in.Open(ctx, profiler.Opening{Name: "toy_process", Layer: toy}, slog.String("topic", m.topic))
		returned := false
		defer p.Guard(&returned)
		err := handle(ctx)
		returned = true
		p.End(profiler.Ending{Err: err})
		return err
	}

	svc := printing()
	defer svc.Close(context.Background())

	// A message from a stranger is handled, but not traced.
	_ = process(context.Background(), svc, message{topic: "orders", header: http.Header{}}, func(context.Context) error {
		return nil
	})

	// One whose sender is in a trace, and has signed its headers, is.
	ctx, sender := svc.Begin(context.Background(), profiler.Opening{Name: "sender"})
	sent := message{topic: "orders", header: http.Header{}}
	profiler.Inject(ctx, sent.header)
	sender.Stop()
	_ = process(context.Background(), svc, sent, func(context.Context) error {
		return errors.New("out of stock")
	})

	// Output:
	// sender-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// sender-stop {"host":"web-1"}
	// toy_process-start {"toy":{"topic":"orders"},"sonde":{"layer":{"group":"toy","kind":"consumer","label":"{toy.topic}"}},"host":"web-1"}
	// toy_process-stop {"etype":"errors.errorString","message":"out of stock","host":"web-1"}
}

// A toy server. Open returns the context to serve the request in, whether it is
// traced or not; here the admission hook traces one path.
func ExampleIncoming_Open() {
	svc := example(printer{}, profiler.Admit(func(_ context.Context, a profiler.Arrival) bool {
		return a.Path == "/slow"
	}))
	defer svc.Close(context.Background())

	serve := func(ctx context.Context, path string, h http.Header) {
		in := svc.Receive(ctx, profiler.Arrival{Layer: "toy", Kind: layer.Server, Path: path}, h)
		ctx, p := in.Open(ctx, profiler.Opening{Name: "toy", Kind: layer.Server}, slog.String("path", path))
		defer p.Stop()
		_, q := profiler.Start(ctx, "inside")
		q.Stop()
	}
	serve(context.Background(), "/fast", http.Header{})
	serve(context.Background(), "/slow", http.Header{})

	// Output:
	// toy-start {"path":"/slow","sonde":{"kind":"server"},"host":"web-1"}
	// inside-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// inside-stop {"host":"web-1"}
	// toy-stop {"host":"web-1"}
}

// The signed headers take the trace to the service that a request is sent to. The
// layers of this module for clients inject them by themselves.
func ExampleInject() {
	svc := silent()
	defer svc.Close(context.Background())

	h := http.Header{}
	fmt.Println(profiler.Inject(context.Background(), h), len(h))

	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	defer p.Stop()
	fmt.Println(profiler.Inject(ctx, h), slices.Sorted(maps.Keys(h)))

	// Output:
	// false 0
	// true [X-Trace-Hmac X-Trace-Info]
}

// Attributes that cost something to make are made only if they are recorded.
func ExampleActive() {
	svc := silent()
	defer svc.Close(context.Background())

	render := func(ctx context.Context, lines []string) {
		ctx, p := profiler.Start(ctx, "render")
		defer p.Stop()
		if profiler.Active(ctx) {
			fmt.Println("joining lines")
			p.Add(slog.String("text", strings.Join(lines, "\n")))
		}
	}
	render(context.Background(), []string{"one", "two"})
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "page"})
	render(ctx, []string{"one", "two"})
	root.Stop()

	// Output:
	// joining lines
}

func ExamplePoint_Add() {
	svc := printing()
	defer svc.Close(context.Background())

	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	defer p.Stop()
	p.Add(slog.String("state", "paid"))
	p.Add(slog.String("state", "packed"), slog.Int("parcels", 2)) // the last one wins

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// order-stop {"state":"packed","parcels":2,"host":"web-1"}
}

func ExamplePoint_Append() {
	svc := printing()
	defer svc.Close(context.Background())

	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	defer p.Stop()
	p.Append("attempts", slog.String("at", "shop-1"), slog.Bool("ok", false))
	p.Append("attempts", slog.String("at", "shop-2"), slog.Bool("ok", true))

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// order-stop {"attempts":[{"at":"shop-1","ok":false},{"at":"shop-2","ok":true}],"host":"web-1"}
}

func ExamplePoint_Fail() {
	svc := printing()
	defer svc.Close(context.Background())

	pay := func(ctx context.Context, cents int) error {
		_, p := profiler.Start(ctx, "pay", slog.Int("cents", cents))
		defer p.Stop() // does nothing if the point has failed
		if cents > 1000 {
			err := errors.New("above the limit")
			p.Fail(err)
			return err
		}
		return nil
	}
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	_ = pay(ctx, 800)
	_ = pay(ctx, 1250)
	root.Stop()

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// pay-start {"cents":800,"sonde":{"kind":"internal"},"host":"web-1"}
	// pay-stop {"host":"web-1"}
	// pay-start {"cents":1250,"sonde":{"kind":"internal"},"host":"web-1"}
	// pay-stop {"etype":"errors.errorString","message":"above the limit","host":"web-1"}
	// order-stop {"host":"web-1"}
}

// After Close every record has been accounted for.
func ExampleService_Stats() {
	svc := silent()
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	_, p := profiler.Start(ctx, "price")
	p.Stop()
	root.Stop()
	if err := svc.Close(context.Background()); err != nil {
		log.Print(err)
	}

	st := svc.Stats()
	fmt.Println(st.Traces, "trace,", st.Recorded, "records:", st.Acknowledged, "stored,", st.Dropped.Total(), "dropped")

	// Output:
	// 1 trace, 4 records: 4 stored, 0 dropped
}

// down is a sink whose store cannot be reached.
type down struct{}

func (down) Notify(context.Context, []record.Event) error {
	return fmt.Errorf("no connection: %w", record.ErrNotSent)
}

// Close gives up when its context ends, here because the store is down, and its
// error says how many records it has not delivered.
func ExampleService_Close() {
	svc := example(down{}, nil)
	_, p := svc.Begin(context.Background(), profiler.Opening{Name: "job"})
	p.Stop()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := svc.Close(ctx); err != nil {
		fmt.Println("not everything is stored") // err: profiler: closed with 2 records not delivered and 0 unconfirmed
	}

	// Output:
	// not everything is stored
}
