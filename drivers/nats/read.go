package nats

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

func (d *store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		subject, ok := d.config.subject(baseID)
		if !ok {
			return
		}
		var p record.Parser
		stopped := false
		err := d.walk(ctx, subject, func(_ string, _ uint64, payload []byte) bool {
			stopped = !yield(p.Parse(payload))
			return !stopped
		})
		if err != nil && !stopped {
			yield(record.Record{}, err)
		}
	}
}

// Traces lists by the index where that says which traces are enough. A list of all
// traces, or of those that their records have to tell, reads every record once: that is
// quicker than trace by trace.
func (d *store) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		if q.Limit > 0 && q.Service == "" && !q.ErrorsOnly {
			d.newest(ctx, q, yield)
			return
		}
		list := kit.NewTraceList(q)
		if err := d.addTo(ctx, list, d.config.subjects()); err != nil {
			yield(driver.Trace{}, err)
			return
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// addTo adds the records with some subjects to a list.
func (d *store) addTo(ctx context.Context, list *kit.TraceList, subjects string) error {
	return d.walk(ctx, subjects, func(_ string, _ uint64, payload []byte) bool {
		if r, err := record.Parse(payload); err == nil && r.Trace != "" {
			list.Add(&r)
		}
		return true
	})
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

// visitor looks at a message, and reports whether it wants more.
type visitor func(subject string, seq uint64, payload []byte) bool

// walk shows visit the messages of some subjects that are in the stream when it
// begins, oldest first, until it returns false. A stream that is not there is
// empty.
func (d *store) walk(ctx context.Context, subjects string, visit visitor) error {
	js, err := d.jetStream(ctx)
	if err != nil {
		return explain(err)
	}
	consumer, err := d.reader(ctx, js, subjects)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return explain(err)
	}
	defer d.dismiss(ctx, js, consumer)
	w := walker{store: d, consumer: consumer, left: consumer.CachedInfo().NumPending, visit: visit}
	for w.left > 0 {
		if err := w.fetch(ctx); err != nil {
			return explain(err)
		}
	}
	return ctx.Err()
}

// reader makes a reader. It has a name, so that asking twice makes one.
func (d *store) reader(ctx context.Context, js jetstream.JetStream, subjects string) (consumer jetstream.Consumer, err error) {
	config := jetstream.ConsumerConfig{
		Name:              "sonde-" + strings.TrimPrefix(nats.NewInbox(), nats.InboxPrefix),
		FilterSubject:     subjects,
		AckPolicy:         jetstream.AckNonePolicy,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: abandoned,
	}
	err = d.request(ctx, func(ctx context.Context) error {
		consumer, err = js.CreateConsumer(ctx, d.config.stream, config)
		return err
	})
	return consumer, err
}

// dismiss tells the server that a reader has gone.
func (d *store) dismiss(ctx context.Context, js jetstream.JetStream, c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = js.DeleteConsumer(ctx, d.config.stream, c.CachedInfo().Name)
}

type walker struct {
	*store
	consumer jetstream.Consumer
	visit    visitor
	left     uint64 // messages to come
	seen     uint64 // messages that have come
}

// fetch takes the next messages.
func (w *walker) fetch(ctx context.Context) error {
	wait := min(fetchLimit, w.limit.Time)
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	batch, err := w.consumer.Fetch(int(min(w.left, perFetch)), jetstream.FetchMaxWait(wait*9/10)) // the server ends it first
	if err != nil {
		return err
	}
	for m := next(limited, batch); m != nil; m = next(limited, batch) {
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
		if !w.visit(m.Subject(), meta.Sequence.Stream, m.Data()) {
			w.left = 0
			return nil
		}
	}
	if limited.Err() == nil && batch.Error() != nil {
		return batch.Error()
	}
	if err := ctx.Err(); err != nil || w.left == 0 {
		return err
	}
	return w.recount(ctx)
}

// next waits for the next message; nil is the end of the batch or of ctx.
func next(ctx context.Context, batch jetstream.MessageBatch) jetstream.Msg {
	select {
	case m := <-batch.Messages():
		return m
	default:
	}
	select {
	case m := <-batch.Messages():
		return m
	case <-ctx.Done():
		return nil
	}
}

// recount asks how many messages there are to come, and whether some have got
// lost.
func (w *walker) recount(ctx context.Context) error {
	var info *jetstream.ConsumerInfo
	err := w.request(ctx, func(ctx context.Context) (err error) {
		info, err = w.consumer.Info(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("asking for more messages: %w", err)
	}
	if info.Delivered.Consumer != w.seen {
		return errGap
	}
	w.left = min(w.left, info.NumPending)
	return nil
}
