package messaging

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers/kit"
)

// verdict is what becomes of a message.
type verdict int

const (
	keep verdict = iota // it goes back to its place
	take                // it leaves the queue
	stop                // it goes back, and no more are wanted
)

const (
	// perChannel bounds the messages that are on their way to the reader. A
	// message that is looked at and kept belongs to its channel until that is
	// closed, so the next ones need another channel.
	perChannel = 1000
	// busyLimit is how long another reader is waited for.
	busyLimit = 30 * time.Second
	busyPause = 50 * time.Millisecond
)

var (
	errBusy    = errors.New("another program reads the queue, and each reader takes messages away from the others")
	errTurn    = errors.New("another read of this driver goes on")
	errTooLong = errors.New("the queue holds more messages than can be looked at over one connection; see drivers/messaging on how to bound it")
	errLost    = errors.New("the connection to RabbitMQ was lost")
)

// walk shows visit each message that is in the queue when it begins, oldest
// first, and puts those that are kept back where they were.
func (d *store) walk(ctx context.Context, visit func(*amqp.Delivery) verdict) (err error) {
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.reading.Unlock()
	s, err := d.dial(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, wait := s.limit.Begin(ctx)
	wait.Pause()
	defer func() { err = wait.End(err) }()
	stopCutting := context.AfterFunc(ctx, s.cut)
	defer stopCutting()
	w := walker{session: s, queue: d.queue, wait: wait, idle: d.idle}
	defer w.putBack()
	err = w.walk(ctx, visit)
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// takeTurn waits for the driver's other readers.
func (d *store) takeTurn(ctx context.Context) error {
	limited, cancel := context.WithTimeoutCause(ctx, busyLimit, errTurn)
	defer cancel()
	return d.reading.Lock(limited)
}

type walker struct {
	*session
	queue    string
	wait     *kit.Wait // paused but for exchanges
	idle     time.Duration
	channels []*amqp.Channel // that messages belong to
}

// exchange has the broker asked something, for which it has the limit.
func (w *walker) exchange(ask func() error) error {
	w.wait.Heard()
	defer w.wait.Pause()
	return ask()
}

// putBack gives up the messages and waits until the broker has them back in
// the queue, which a mere end of the connection would not.
func (w *walker) putBack() {
	for _, ch := range w.channels {
		_ = w.exchange(ch.Close)
	}
}

func (w *walker) walk(ctx context.Context, visit func(*amqp.Delivery) verdict) error {
	left, deliveries, err := w.begin(ctx)
	timer := time.NewTimer(w.idle)
	defer timer.Stop()
	for err == nil && left > 0 {
		n := min(left, perChannel)
		left -= n
		quiet := false
		for got := 0; got < n; {
			timer.Reset(w.idle)
			select {
			case m, ok := <-deliveries:
				got++
				quiet = false
				if !ok {
					return errLost
				}
				switch visit(&m) {
				case stop:
					return nil
				case take:
					if err := w.exchange(func() error { return m.Ack(false) }); err != nil {
						return err
					}
				}
			case <-timer.C:
				// The broker has dropped the rest, for instance for its age, or
				// it is slow.
				q, err := w.inspect()
				if err != nil || quiet && q.Messages == 0 {
					return err
				}
				quiet = true
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if left > 0 {
			deliveries, err = w.consume(min(left, perChannel))
		}
	}
	return err
}

// begin returns how many messages there are and has the first ones sent.
func (w *walker) begin(ctx context.Context) (messages int, deliveries <-chan amqp.Delivery, err error) {
	giveUp := time.Now().Add(busyLimit)
	for {
		messages, err = w.count()
		if err == nil && messages > 0 {
			deliveries, err = w.consume(min(messages, perChannel))
		}
		if !errors.Is(err, errBusy) || time.Now().After(giveUp) {
			return messages, deliveries, err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return 0, nil, fmt.Errorf("%w: %w", context.Cause(ctx), errBusy)
		}
	}
}

// count returns how many messages the queue holds. It fails with errBusy while
// there is another reader.
func (w *walker) count() (int, error) {
	switch q, err := w.inspect(); {
	case code(err) == amqp.NotFound:
		return 0, nil
	case err != nil:
		return 0, err
	case q.Consumers > 0:
		return 0, errBusy
	default:
		return q.Messages, nil
	}
}

// inspect asks for the queue's number of consumers, and of messages that no one
// has been sent.
func (w *walker) inspect() (q amqp.Queue, err error) {
	err = w.exchange(func() error {
		ch, err := w.conn.Channel()
		if err != nil {
			return err
		}
		defer ch.Close()
		q, err = ch.QueueDeclarePassive(w.queue, false, false, false, false, nil)
		return err
	})
	return q, err
}

const consumerTag = "sonde"

// consume has the next n messages sent, on a channel of their own.
func (w *walker) consume(n int) (deliveries <-chan amqp.Delivery, err error) {
	err = w.exchange(func() error {
		deliveries, err = w.askFor(n)
		return err
	})
	return deliveries, err
}

func (w *walker) askFor(n int) (<-chan amqp.Delivery, error) {
	if last := len(w.channels) - 1; last >= 0 {
		if err := w.channels[last].Cancel(consumerTag, false); err != nil {
			return nil, err
		}
	}
	ch, err := w.conn.Channel()
	if errors.Is(err, amqp.ErrChannelMax) {
		return nil, errTooLong
	}
	if err != nil {
		return nil, err
	}
	w.channels = append(w.channels, ch)
	if err := ch.Qos(n, 0, false); err != nil {
		return nil, err
	}
	deliveries, err := ch.Consume(w.queue, consumerTag, false, true, false, false, nil)
	if code(err) == amqp.AccessRefused && strings.Contains(err.Error(), "exclusive") {
		w.channels = w.channels[:len(w.channels)-1]
		return nil, errBusy
	}
	return deliveries, err
}
