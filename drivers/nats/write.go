package nats

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/profiler"
)

// unconfirmed is how many messages are sent before their acknowledgements are
// waited for.
const unconfirmed = 1000

func (d *driver) Notify(ctx context.Context, events []profiler.Event) error {
	js, err := d.jetStream(ctx)
	if err == nil && len(events) > 0 {
		err = d.prepare(ctx, js)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, d.explain(ctx, err))
	}
	var refused refusals
	for from := 0; from < len(events); from += unconfirmed {
		to := min(from+unconfirmed, len(events))
		if err := d.publish(ctx, js, events[from:to], from, &refused); err != nil {
			return d.explain(ctx, err)
		}
	}
	return refused.err()
}

// refusals are the events that the stream will never take.
type refusals struct{ rejected profiler.RejectedError }

func (r *refusals) add(index int, err error) {
	r.rejected.Indexes = append(r.rejected.Indexes, index)
	r.rejected.Err = err
}

func (r *refusals) err() error {
	if len(r.rejected.Indexes) == 0 {
		return nil
	}
	return &r.rejected
}

// publish sends events, of which the first has the given index in its batch, and
// waits until the stream has acknowledged them.
func (d *driver) publish(ctx context.Context, js jetstream.JetStream, events []profiler.Event, first int, refused *refusals) error {
	futures := make([]jetstream.PubAckFuture, len(events))
	for i := range events {
		future, err := js.PublishMsgAsync(d.message(&events[i]))
		switch {
		case errors.Is(err, nats.ErrMaxPayload):
			continue // see below, for the order of the indexes
		case err != nil && i == 0 && first == 0:
			return fmt.Errorf("%w: %w", profiler.ErrNotSent, err)
		case err != nil:
			return err
		}
		futures[i] = future
	}
	for i, future := range futures {
		err := nats.ErrMaxPayload
		if future != nil {
			err = acknowledgement(ctx, future)
		}
		switch {
		case err == nil:
		case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, jetstream.ErrStreamMessageExceedsMaximum):
			refused.add(first+i, err)
		default:
			// Perhaps since the stream has been deleted.
			d.prepared.Store(false)
			return err
		}
	}
	return nil
}

func acknowledgement(ctx context.Context, future jetstream.PubAckFuture) error {
	select {
	case <-future.Ok():
		return nil
	case err := <-future.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *driver) message(e *profiler.Event) *nats.Msg {
	m := nats.NewMsg(d.config.stream + "." + e.BaseID.String())
	m.Data = profiler.AppendRecord(nil, e)
	m.Header.Set(jetstream.MsgIDHeader, e.TraceID.String()+"."+url.QueryEscape(e.RecordName()))
	return m
}
