package nats

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/tracelist"
	"github.com/sonde-go/sonde/profiler"
)

func (d *driver) Records(ctx context.Context, baseID string) iter.Seq2[profiler.Record, error] {
	return func(yield func(profiler.Record, error) bool) {
		subject, ok := d.config.subject(baseID)
		if err := d.usable(ctx); err != nil || !ok {
			if err != nil {
				yield(profiler.Record{}, err)
			}
			return
		}
		stopped := false
		err := d.walk(ctx, subject, func(_ uint64, payload []byte) bool {
			stopped = !yield(profiler.ParseRecord(payload))
			return !stopped
		})
		if err != nil && !stopped {
			yield(profiler.Record{}, err)
		}
	}
}

func (d *driver) Traces(ctx context.Context, q drivers.Query) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		list := tracelist.New(q)
		err := d.walk(ctx, d.config.subjects(), func(_ uint64, payload []byte) bool {
			if r, err := profiler.ParseRecord(payload); err == nil && r.BaseID != "" {
				list.Add(&r)
			}
			return true
		})
		if err != nil {
			yield(drivers.Trace{}, err)
			return
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

const (
	// perFetch bounds the messages that are on their way to the reader.
	perFetch = 256
	// fetchLimit is how long they may take.
	fetchLimit = 5 * time.Second
	// abandoned is when the server forgets a reader that has not said goodbye.
	abandoned = time.Minute
)

var errGap = errors.New("messages were lost on their way from NATS; read again")

// walk shows visit the messages of some subjects that are in the stream when it
// begins, oldest first, until it returns false. A stream that is not there is
// empty.
func (d *driver) walk(ctx context.Context, subjects string, visit func(seq uint64, payload []byte) bool) error {
	js, err := d.jetStream(ctx)
	if err != nil {
		return d.explain(ctx, err)
	}
	consumer, err := js.CreateConsumer(ctx, d.config.stream, jetstream.ConsumerConfig{
		FilterSubject:     subjects,
		AckPolicy:         jetstream.AckNonePolicy,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: abandoned,
	})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return d.explain(ctx, err)
	}
	defer d.dismiss(ctx, js, consumer)
	w := walker{consumer: consumer, left: consumer.CachedInfo().NumPending, visit: visit}
	for w.left > 0 {
		if err := w.fetch(ctx); err != nil {
			return d.explain(ctx, err)
		}
	}
	return d.usable(ctx)
}

// dismiss tells the server that a reader has gone.
func (d *driver) dismiss(ctx context.Context, js jetstream.JetStream, c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = js.DeleteConsumer(ctx, d.config.stream, c.CachedInfo().Name)
}

type walker struct {
	consumer jetstream.Consumer
	visit    func(seq uint64, payload []byte) bool
	left     uint64 // messages to come
	seen     uint64 // messages that have come
}

// fetch takes the next messages.
func (w *walker) fetch(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	batch, err := w.consumer.Fetch(int(min(w.left, perFetch)), jetstream.FetchContext(limited))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		w.seen++
		if meta.Sequence.Consumer != w.seen {
			return errGap
		}
		// Those that are deleted meanwhile do not come.
		w.left = min(w.left-1, meta.NumPending)
		if !w.visit(meta.Sequence.Stream, m.Data()) {
			w.left = 0
			return nil
		}
	}
	if err := batch.Error(); err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err := ctx.Err(); err != nil || w.left == 0 {
		return err
	}
	return w.recount(ctx)
}

// recount asks how many messages there are to come, and whether some have got
// lost.
func (w *walker) recount(ctx context.Context) error {
	info, err := w.consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("asking for more messages: %w", err)
	}
	if info.Delivered.Consumer != w.seen {
		return errGap
	}
	w.left = min(w.left, info.NumPending)
	return nil
}

// Delete removes the messages of a trace.
func (d *driver) Delete(ctx context.Context, baseID string) error {
	subject, ok := d.config.subject(baseID)
	if err := d.usable(ctx); err != nil || !ok {
		return err
	}
	return d.purge(ctx, jetstream.WithPurgeSubject(subject))
}

func (d *driver) purge(ctx context.Context, what ...jetstream.StreamPurgeOpt) error {
	js, err := d.jetStream(ctx)
	if err != nil {
		return d.explain(ctx, err)
	}
	stream, err := js.Stream(ctx, d.config.stream)
	if err == nil {
		err = stream.Purge(ctx, what...)
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	return d.explain(ctx, err)
}

// Prune removes old traces, up to the last message that it has seen of each.
func (d *driver) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	type last struct {
		timestamp string
		seq       uint64
	}
	traces := map[string]last{}
	err := d.walk(ctx, d.config.subjects(), func(seq uint64, payload []byte) bool {
		if r, err := profiler.ParseRecord(payload); err == nil {
			t, known := traces[r.BaseID]
			if !known {
				r.BaseID = strings.Clone(r.BaseID)
			}
			traces[r.BaseID] = last{max(t.timestamp, strings.Clone(r.Timestamp)), seq}
		}
		return true
	})
	if err != nil {
		return 0, err
	}
	limit := string(profiler.AppendTimestamp(nil, olderThan.UnixNano()))
	pruned := 0
	for base, t := range traces {
		subject, ok := d.config.subject(base)
		if !ok || t.timestamp >= limit {
			continue
		}
		if err := d.purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(t.seq+1)); err != nil {
			return pruned, err
		}
		pruned++
	}
	return pruned, nil
}
