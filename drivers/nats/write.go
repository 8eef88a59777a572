package nats

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// unconfirmed is how many messages are sent before their acknowledgements are
// waited for.
const unconfirmed = 1000

// Notify sends what the stream does not acknowledge again and again under the
// same ids, until nothing has come from the server for the limit.
func (d *store) Notify(ctx context.Context, events []record.Event) error {
	p := publication{store: d}
	defer p.leave()
	for from := 0; from == 0 || from < len(events); from += unconfirmed {
		to := min(from+unconfirmed, len(events))
		if err := p.publish(ctx, events[from:to], from); err != nil {
			err = explain(err)
			if !p.sent {
				err = fmt.Errorf("%w: %w", record.ErrNotSent, err)
			}
			return err
		}
	}
	if len(p.rejected.Indexes) > 0 {
		return &p.rejected
	}
	return nil
}

// publication is one Notify.
type publication struct {
	*store
	js       jetstream.JetStream  // that no other publication uses; nil until something is sent
	sent     bool                 // something, perhaps
	rejected record.RejectedError // what the stream will never take
}

// enter gives the publication a publisher of its own.
func (p *publication) enter() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.publishers) - 1; last >= 0 {
		p.js, p.publishers = p.publishers[last], p.publishers[:last]
		return nil
	}
	p.js, err = jetstream.New(p.conn, jetstream.WithPublishAsyncMaxPending(1<<20)) // Notify waits by itself
	return err
}

// leave keeps the publisher for the next Notify, unless it has messages without
// an answer: it would remember them for ever.
func (p *publication) leave() {
	if p.js == nil {
		return
	}
	if p.js.PublishAsyncPending() > 0 {
		p.js.CleanupPublisher()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.publishers = append(p.publishers, p.js)
}

// noEvent is the index of a message of the stream's index.
const noEvent = -1

// message is an event that the stream has not acknowledged.
type message struct {
	index    int // of the event in its batch, or noEvent
	msg      *nats.Msg
	sent     []jetstream.PubAckFuture // each may bring the acknowledgement, the last one most likely
	tooLarge bool
}

// publish sends events, of which the first has the given index in its batch,
// until the stream has acknowledged them.
func (p *publication) publish(ctx context.Context, events []record.Event, first int) error {
	open, entered := p.entries(events)
	for i := range events {
		open = append(open, &message{index: first + i, msg: p.message(&events[i])})
	}
	limited, wait := p.limit.Begin(ctx)
	for {
		left, err := p.try(limited, wait, open)
		switch {
		case err == nil && len(left) == 0:
			p.remember(entered)
			return wait.End(nil)
		case err != nil && !passing(err), len(left) == 0:
			return wait.End(err) // which may be what the end of the limit has done
		case limited.Err() != nil:
			silent := wait.End(limited.Err())
			if err != nil {
				return fmt.Errorf("%w: %w", silent, err)
			}
			return silent
		}
		open = left
		if err != nil {
			p.rest(limited)
		}
	}
}

// try sends messages and returns those that are to be sent again. A passing
// error says why; without one they were left without an answer.
func (p *publication) try(ctx context.Context, wait *kit.Wait, open []*message) (left []*message, err error) {
	js, err := p.jetStream(ctx)
	if err == nil && len(open) > 0 {
		err = p.prepare(ctx, js)
	}
	if err == nil && p.js == nil {
		err = p.enter()
	}
	if err != nil {
		return open, err
	}
	for _, m := range open {
		future, err := p.js.PublishMsgAsync(m.msg, jetstream.WithRetryAttempts(0))
		switch {
		case errors.Is(err, nats.ErrMaxPayload):
			m.tooLarge = true
			continue
		case err != nil:
			left, _ := p.collect(ctx, wait, open, 0)
			return left, err
		}
		p.sent = true
		m.sent = append(m.sent, future)
	}
	return p.collect(ctx, wait, open, attempt)
}

// collect waits for acknowledgements, and no longer than patience if none comes.
// It returns the messages that have none yet, and the last error of a message.
func (p *publication) collect(ctx context.Context, wait *kit.Wait, open []*message, patience time.Duration) (left []*message, failed error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for _, m := range open {
		err := nats.ErrMaxPayload
		if !m.tooLarge {
			err = m.acknowledged(ctx, timer)
		}
		switch {
		case err == nil:
			wait.Heard()
			if patience > 0 {
				timer.Reset(patience)
			}
		case m.index != noEvent && (errors.Is(err, nats.ErrMaxPayload) || exceedsMaximum(err)):
			p.rejected.Indexes = append(p.rejected.Indexes, m.index)
			p.rejected.Err = err
		case errors.Is(err, errUnanswered):
			patience = 0
			timer.Reset(0)
			left = append(left, m)
		default:
			p.prepared.Store(false) // perhaps the stream has been deleted
			left, failed = append(left, m), err
			if !passing(err) {
				return left, failed
			}
		}
	}
	slices.Sort(p.rejected.Indexes)
	return left, failed
}

// exceedsMaximum knows the answer of a stream that takes no message of this size.
func exceedsMaximum(err error) bool {
	const code = 10054 // newer releases of nats.go have a name for it
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}

// errUnanswered is told of a message to which there is no answer yet.
var errUnanswered = errors.New("no answer")

// acknowledged waits for what the stream says to a message, until the timer or
// ctx ends.
func (m *message) acknowledged(ctx context.Context, timer *time.Timer) error {
	if len(m.sent) == 0 {
		return errUnanswered
	}
	if m.late() {
		return nil
	}
	last := m.sent[len(m.sent)-1]
	select {
	case <-last.Ok():
		return nil
	case err := <-last.Err():
		return err
	case <-timer.C:
	case <-ctx.Done():
	}
	if m.late() {
		return nil
	}
	return errUnanswered
}

// late reports whether the stream has acknowledged the message by now, whichever
// time it was sent.
func (m *message) late() bool {
	return slices.ContainsFunc(m.sent, func(f jetstream.PubAckFuture) bool {
		select {
		case <-f.Ok():
			return true
		default:
			return false
		}
	})
}

func (d *store) message(e *record.Event) *nats.Msg {
	m := nats.NewMsg(d.config.stream + "." + e.Trace().String())
	m.Data = e.AppendJSON(nil)
	m.Header.Set(jetstream.MsgIDHeader, e.Point().String()+"."+url.QueryEscape(e.RecordName()))
	return m
}
