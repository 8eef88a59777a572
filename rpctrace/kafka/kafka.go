package sondekafka

import (
	"cmp"
	"context"
	"log/slog"
	"slices"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Option configures a hook or a consumer.
type Option func(*profiler.Opening)

// WithName sets the name of the point. The default is "kafka_publish" or
// "kafka_process", as is an empty name. Reports group points by name; OSProfiler's own
// services call the points of messages "rpc".
func WithName(name string) Option {
	return func(o *profiler.Opening) { o.Name = cmp.Or(name, o.Name) }
}

func opening(name string, kind layer.Kind, opts []Option) profiler.Opening {
	o := profiler.Opening{Name: name, Layer: layer.Kafka, Kind: kind}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// NewHook returns a hook for [kgo.WithHooks], which traces what the client produces.
// It may be given to several clients.
func NewHook(opts ...Option) kgo.Hook {
	return &hook{opening("kafka_publish", layer.Producer, opts)}
}

type hook struct{ opening profiler.Opening }

var (
	_ kgo.HookProduceRecordBuffered   = (*hook)(nil)
	_ kgo.HookProduceRecordUnbuffered = (*hook)(nil)
)

// OnProduceRecordBuffered is called by the client within Produce. r.Context is the one
// that was given to Produce.
func (h *hook) OnProduceRecordBuffered(r *kgo.Record) {
	if r.Context == nil {
		r.Context = context.Background()
	}
	switch c := (headers{r}); {
	case !profiler.Carries(r.Context):
		header.Remove(c)
		return
	case !profiler.Active(r.Context):
		r.Headers = slices.Clone(r.Headers)
		profiler.Inject(r.Context, c)
		return
	}
	ctx, p := profiler.Open(r.Context, h.opening, slog.String("topic", r.Topic), slog.Int("bytes", len(r.Value)))
	r.Headers = slices.Clone(r.Headers) // the program may use its own for several records
	profiler.Inject(ctx, headers{r})
	r.Context = &producing{ctx, r.Context, p}
}

// OnProduceRecordUnbuffered is called by the client when it is done with r, before
// the program's own function for that.
func (h *hook) OnProduceRecordUnbuffered(r *kgo.Record, err error) {
	c, ok := r.Context.(*producing)
	if !ok {
		return
	}
	r.Context = c.outer
	end := profiler.Ending{Group: layer.Kafka.Group, Err: err}
	if err != nil {
		c.point.End(end)
		return
	}
	c.point.End(end, slog.Int("partition", int(r.Partition)), slog.Int64("offset", r.Offset))
}

// producing is the context of a record that is being produced. It also keeps its
// point, and the program's context, which the record gets back.
type producing struct {
	context.Context
	outer context.Context
	point profiler.Point
}

// Process opens the point of a consumed record and returns the context to handle it
// in; the caller stops the point, see [rpctrace.Consume]. For a record that is not
// traced it returns ctx and the zero Point. svc is the service that handles it.
func Process(ctx context.Context, svc *profiler.Service, r *kgo.Record, opts ...Option) (context.Context, profiler.Point) {
	in := rpctrace.Receive(ctx, svc, headers{r}, layer.Kafka.Group, r.Topic)
	if !in.Traced() {
		return in.Pass(ctx), profiler.Point{}
	}
	return in.Open(ctx, opening("kafka_process", layer.Consumer, opts), slog.String("topic", r.Topic),
		slog.Int("partition", int(r.Partition)), slog.Int64("offset", r.Offset), slog.Int("bytes", len(r.Value)))
}

// Handle calls fn once, inside the point of a consumed record; see [Process]. The
// point fails with the error of fn, which Handle returns; a panic is recorded and
// passes on.
func Handle(ctx context.Context, svc *profiler.Service, r *kgo.Record, fn func(context.Context) error, opts ...Option) error {
	ctx, p := Process(ctx, svc, r, opts...)
	return rpctrace.Run(ctx, p, fn)
}

// ProcessRecords opens the points of records of one topic that are handled together,
// with one context for all; the caller stops the Batch. See [rpctrace.ConsumeBatch].
func ProcessRecords(ctx context.Context, svc *profiler.Service, records []*kgo.Record, opts ...Option) (context.Context, rpctrace.Batch) {
	if len(records) == 0 {
		return ctx, rpctrace.Batch{}
	}
	messages := make([]header.Carrier, len(records))
	for i, r := range records {
		messages[i] = headers{r}
	}
	topic := records[0].Topic
	return rpctrace.ConsumeBatch(ctx, svc, messages, opening("kafka_process", layer.Consumer, opts), topic, slog.String("topic", topic))
}

// headers are a record's as a carrier.
type headers struct{ r *kgo.Record }

// Get returns a header's value. Several values count as unsigned.
func (h headers) Get(name string) (value string) {
	found := false
	for i := range h.r.Headers {
		if h.r.Headers[i].Key == name {
			if found {
				return ","
			}
			value, found = string(h.r.Headers[i].Value), true
		}
	}
	return value
}

// Set replaces a header.
func (h headers) Set(name, value string) {
	h.Del(name)
	h.r.Headers = append(h.r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
}

// Del removes a header. It leaves the list alone that the record had, which the
// program may use for several records.
func (h headers) Del(name string) {
	named := func(o kgo.RecordHeader) bool { return o.Key == name }
	if slices.ContainsFunc(h.r.Headers, named) {
		h.r.Headers = slices.DeleteFunc(slices.Clone(h.r.Headers), named)
	}
}
