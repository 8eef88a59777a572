package partition

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// takeOver makes this collector the only one that can decide the partition.
func (p *part) takeOver(ctx context.Context) error {
	p.mu.Lock()
	p.again = false
	p.mu.Unlock()
	err := p.tryTakeOver(ctx)
	if err != nil {
		p.mu.Lock()
		p.again = true
		p.mu.Unlock()
	}
	return err
}

func (p *part) tryTakeOver(ctx context.Context) error {
	at, alone, err := p.t.log.takeOver(ctx, p.n, p.last, p.t.decider.Remember)
	if err != nil {
		return err
	}
	if !alone {
		p.giveUp() // another collector has decided meanwhile
	}
	p.last, p.written = at, time.Now()
	found, err := p.undecided(ctx)
	if err != nil {
		return err
	}
	p.missing.begin(found, p.t.c.Rules.AtMost+p.t.c.AckWait)
	if len(found) > 0 {
		p.t.c.Log.Debug("tail sampling: a partition was taken over; its messages are awaited", "partition", p.n, "messages", len(found))
	}
	return nil
}

// undecided returns the messages that were delivered before now, to this collector or
// another one, and belong to traces that nobody has decided. Since the spool deletes what
// is acknowledged, they are still in it.
func (p *part) undecided(ctx context.Context) (map[uint64]bool, error) {
	info, err := p.consumer.Info(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.seen = max(p.seen, info.Delivered.Consumer) // what is on its way is among what is found
	if info.NumPending == 0 {
		p.progress.set(info.TimeStamp, 0)
	}
	p.mu.Unlock()
	found := map[uint64]bool{}
	for seq := info.AckFloor.Stream + 1; seq <= info.Delivered.Stream; seq++ {
		msg, err := p.t.stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(spool.Subject(p.n)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		if seq = msg.Sequence; seq > info.Delivered.Stream {
			break
		}
		if p.waitsFor(msg) {
			found[seq] = true
		}
	}
	return found, nil
}

func (p *part) waitsFor(msg *jetstream.RawStreamMsg) bool {
	b, err := spool.Decode(msg.Subject, nats.Header(msg.Header), msg.Data)
	return err == nil && !p.held[msg.Sequence] && !p.t.decider.Knows(b.Trace)
}

// missing are messages without which nothing is decided, and until when.
type missing struct {
	seqs   map[uint64]bool
	looked time.Time
	until  time.Time
}

func (m *missing) begin(seqs map[uint64]bool, atMost time.Duration) {
	*m = missing{seqs: seqs, looked: time.Now(), until: time.Now().Add(atMost)}
}

func (m *missing) came(seq uint64) { delete(m.seqs, seq) }
func (m *missing) hasAny() bool    { return len(m.seqs) > 0 }

// look forgets what is not in the spool any more, because whoever had it has finished it
// after all. What does not come in the time in which it would have been decided is not
// waited for any longer.
func (m *missing) look(ctx context.Context, p *part) error {
	if !m.hasAny() || time.Since(m.looked) < time.Second {
		return nil
	}
	m.looked = time.Now()
	for seq := range m.seqs {
		_, err := p.t.stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			delete(m.seqs, seq)
		} else if err != nil {
			return err
		}
	}
	if m.hasAny() && m.looked.After(m.until) {
		p.t.c.Log.Warn("tail sampling: messages that another collector had have not come; deciding without them", "partition", p.n, "messages", len(m.seqs))
		clear(m.seqs)
	}
	return nil
}
