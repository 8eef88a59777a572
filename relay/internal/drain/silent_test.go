package drain

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const testPark = 50 * time.Millisecond

// silentSource hands out messages that say nothing to the server once their
// process is dead.
type silentSource struct {
	Source
	dead context.Context
}

func (s silentSource) Fetch(n int, opts ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	b, err := s.Source.Fetch(n, opts...)
	if err != nil {
		return nil, err
	}
	c := make(chan jetstream.Msg)
	go func() {
		defer close(c)
		for m := range b.Messages() {
			c <- silentMsg{m, s.dead}
		}
	}()
	return silentBatch{b, c}, nil
}

type silentBatch struct {
	jetstream.MessageBatch
	c chan jetstream.Msg
}

func (b silentBatch) Messages() <-chan jetstream.Msg { return b.c }

type silentMsg struct {
	jetstream.Msg
	dead context.Context
}

var errDead = errors.New("the process is dead")

func (m silentMsg) Ack() error        { return m.unless(m.Msg.Ack) }
func (m silentMsg) Nak() error        { return m.unless(m.Msg.Nak) }
func (m silentMsg) InProgress() error { return m.unless(m.Msg.InProgress) }

func (m silentMsg) unless(do func() error) error {
	if m.dead.Err() != nil {
		return errDead
	}
	return do()
}
