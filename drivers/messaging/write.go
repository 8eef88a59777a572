package messaging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

const (
	// unconfirmed is how many messages are sent before their confirmations are
	// waited for.
	unconfirmed = 256
	// maxMessage is the size of the largest message that RabbitMQ takes unless
	// it is told otherwise, since its version 4. A larger one would end the
	// channel each time.
	maxMessage = 16 << 20
)

func (d *store) Notify(ctx context.Context, events []record.Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := d.publishing.Lock(ctx); err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	defer d.publishing.Unlock()
	if err := d.ready(ctx); err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	rejected, err := d.publisher.publish(ctx, events)
	if err != nil {
		d.hangUp()
		return err
	}
	if len(rejected) > 0 {
		return &record.RejectedError{Indexes: rejected, Err: fmt.Errorf("a message of more than %d bytes", maxMessage)}
	}
	return nil
}

// ready connects if there is no connection.
func (d *store) ready(ctx context.Context) error {
	if d.publisher != nil && !d.publisher.conn.IsClosed() && !d.publisher.channel.IsClosed() {
		return nil
	}
	d.hangUp()
	s, err := d.dial(ctx)
	if err != nil {
		return err
	}
	p := &publisher{session: s, topology: d.topology, returned: make(chan amqp.Return, unconfirmed)}
	err = s.limit.Do(ctx, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, s.cut)
		defer stop()
		return p.prepare()
	})
	if err != nil {
		s.cut()
		s.close()
		return err
	}
	d.publisher = p
	return nil
}

// hangUp ends the connection.
func (d *store) hangUp() {
	if d.publisher != nil {
		d.publisher.close()
		d.publisher = nil
	}
}

// publisher is a session with a channel on which messages are confirmed.
type publisher struct {
	*session
	topology
	channel  *amqp.Channel
	returned chan amqp.Return // messages for which there was no queue
}

// prepare declares the exchange and the queue, those of OSProfiler as its publisher
// does, and opens the channel.
func (p *publisher) prepare() (err error) {
	declarations := []func(*amqp.Channel) error{
		func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare(p.exchange, p.kind, p.durable, false, false, false, nil)
		},
		func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare(p.queue, p.durable, false, false, false, nil)
			return err
		},
		func(ch *amqp.Channel) error { return ch.QueueBind(p.queue, p.queue, p.exchange, false, nil) },
	}
	if p.channel, err = p.conn.Channel(); err != nil {
		return err
	}
	for _, declare := range declarations {
		switch err := declare(p.channel); {
		case err == nil:
		case p.durable && (code(err) == amqp.PreconditionFailed || code(err) == amqp.AccessRefused):
			return fmt.Errorf("it is not certain that %q is durable: %w", p.queue, err)
		case code(err) == amqp.PreconditionFailed, code(err) == amqp.AccessRefused:
			// It is there and is another than ours, or the user may not
			// declare it. The error has ended the channel.
			if p.channel, err = p.conn.Channel(); err != nil {
				return err
			}
		default:
			return err
		}
	}
	p.channel.NotifyReturn(p.returned)
	return p.channel.Confirm(false)
}

// publish sends events and waits until the broker has taken them. It returns
// the indexes of those that are too large.
func (p *publisher) publish(ctx context.Context, events []record.Event) (tooLarge []int, err error) {
	ctx, wait := p.limit.Begin(ctx)
	defer func() { err = wait.End(err) }()
	stop := context.AfterFunc(ctx, p.cut)
	defer stop()
	sent := 0
	waiting := make([]*amqp.DeferredConfirmation, 0, min(unconfirmed, len(events)))
	for i := range events {
		body := appendMessage(nil, &events[i], time.Now())
		if len(body) > maxMessage {
			tooLarge = append(tooLarge, i)
			continue
		}
		confirmation, err := p.channel.PublishWithDeferredConfirm(p.exchange, p.queue, true, false, amqp.Publishing{
			ContentType:     contentType,
			ContentEncoding: "utf-8",
			DeliveryMode:    amqp.Persistent,
			Body:            body,
		})
		if err != nil {
			if sent == 0 {
				err = fmt.Errorf("%w: %w", record.ErrNotSent, err)
			}
			return nil, err
		}
		sent++
		wait.Heard()
		waiting = append(waiting, confirmation)
		if len(waiting) == unconfirmed {
			if err := p.confirmed(ctx, wait, waiting); err != nil {
				return nil, err
			}
			waiting = waiting[:0]
		}
	}
	return slices.Clip(tooLarge), p.confirmed(ctx, wait, waiting)
}

var errRefused = errors.New("RabbitMQ has not taken a record, or the connection was lost")

// confirmed waits for the broker's answers.
func (p *publisher) confirmed(ctx context.Context, wait *kit.Wait, waiting []*amqp.DeferredConfirmation) error {
	for _, c := range waiting {
		wait.Heard()
		switch ok, err := c.WaitContext(ctx); {
		case err != nil:
			return err
		case !ok:
			return errRefused
		}
	}
	// The client hands on a returned message before its confirmation.
	select {
	case <-p.returned:
		return fmt.Errorf("the queue %s has been deleted; it is declared again", p.queue)
	default:
		return nil
	}
}
