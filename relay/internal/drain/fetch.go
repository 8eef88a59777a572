package drain

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

const (
	// fetchAtOnce is how many messages are asked for at once, and fetchBytes how much
	// of the memory has to be free: the largest message is a quarter of it.
	fetchAtOnce = 256
	fetchBytes  = minBytes
	fetchFor    = 10 * time.Second
)

// fetch takes messages until ctx ends.
func (d *Drain) fetch(ctx context.Context) {
	failing := 0
	for ctx.Err() == nil {
		if !d.awaitRoom(ctx) {
			return
		}
		err := d.fetchSome(ctx)
		d.reached(err)
		switch {
		case ctx.Err() != nil:
		case err == nil:
			if failing > 0 {
				d.c.Log.Info("the spool answers again")
			}
			failing = 0
		default:
			if failing == 0 {
				d.c.Log.Warn("the spool gives no messages; asking again", "error", err)
			}
			wait(ctx, min(d.c.pause<<min(failing, 10), maxPause))
			failing++
		}
	}
}

// reached notes whether the spool can be asked.
func (d *Drain) reached(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts.Unreachable = err
}

// fetchSome takes messages as they come, for some seconds.
func (d *Drain) fetchSome(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, fetchFor)
	defer cancel()
	messages, err := d.c.Source.Fetch(fetchAtOnce, jetstream.FetchMaxBytes(fetchBytes), jetstream.FetchContext(asking))
	if err != nil {
		return err
	}
	d.reached(nil)
	for msg := range messages.Messages() {
		if ctx.Err() != nil {
			_ = msg.Nak()
			continue
		}
		d.take(msg)
	}
	if err := messages.Error(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// awaitRoom waits until there is memory for what the next fetch may bring, and reports
// whether ctx has not ended.
func (d *Drain) awaitRoom(ctx context.Context) bool {
	for ctx.Err() == nil {
		d.mu.Lock()
		room := d.bytes+fetchBytes <= d.c.MaxBytes || len(d.held) == 0
		if !room {
			room = d.park()
		}
		d.mu.Unlock()
		if room {
			return true
		}
		select {
		case <-d.room:
		case <-ctx.Done():
		}
	}
	return false
}

// park gives those messages back for a while that only wait for stores which fail, if
// there is a store that does not, and reports whether there were any. The caller holds
// mu.
func (d *Drain) park() bool {
	var failing stores
	for _, w := range d.writers {
		if w.failing {
			failing |= w.bit
		}
	}
	if failing == 0 || failing == d.all {
		return false
	}
	parked := false
	for _, dl := range d.held {
		if !dl.decided || dl.busy > 0 || dl.aside > 0 || dl.missing&^failing != 0 {
			continue
		}
		pause := d.c.park
		if m, err := dl.msg.Metadata(); err == nil {
			pause <<= min(m.NumDelivered-1, maxParks)
		}
		_ = dl.msg.NakWithDelay(pause)
		d.counts.Parked++
		d.letGo(dl)
		parked = true
	}
	return parked
}

// take begins to hold a message.
func (d *Drain) take(msg jetstream.Msg) {
	now := time.Now()
	meta, err := msg.Metadata()
	if err != nil {
		d.c.Log.Error("a message that is not of a stream", "subject", msg.Subject(), "error", err)
		return
	}
	batch, err := spool.Decode(msg.Subject(), msg.Headers(), msg.Data())
	if errors.Is(err, spool.ErrVersion) {
		// Not poison: a newer collector reads it.
		d.c.Log.Error("a message that this program cannot read stays in the spool", "error", err)
		_ = msg.NakWithDelay(firstPark << maxParks)
		return
	}
	dl := &delivery{id: cmp.Or(batch.ID, "#"+strconv.FormatUint(meta.Sequence.Stream, 10)), msg: msg, heard: now, missing: d.all}
	dl.Sequence, dl.Spooled = meta.Sequence.Stream, meta.Timestamp
	dl.Again = meta.NumDelivered > 1 || batch.Again
	dl.lost = make(chan struct{})
	dl.decide = func(reason string) { d.decideOn(dl, reason) }
	dl.giveBack = func() { d.giveOneBack(dl) }
	if !d.hold(dl) {
		return
	}
	var bad []spool.Bad
	if err != nil {
		bad = d.poison(nil, dl, 0, batch.Trace, msg.Data(), err.Error())
	} else {
		bad = d.decode(dl, &batch)
	}
	d.mu.Lock()
	d.counts.Records += uint64(len(dl.Events) + len(bad))
	size := len(dl.Events) * eventBytes
	if !dl.gone {
		dl.Size += size
		d.bytes += size
	}
	if len(bad) > 0 {
		d.toQuarantine(dl, bad)
	}
	d.mu.Unlock()
	switch {
	case len(dl.Events) == 0:
		d.decideNothing(dl)
	case d.c.Decider != nil:
		d.c.Decider.Offer(&dl.Batch)
	default:
		dl.Keep()
	}
}

// hold adds a message to those held, unless it is one of them or has been written.
func (d *Drain) hold(dl *delivery) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts.Messages++
	if dl.Again {
		d.counts.Redelivered++
	}
	if held := d.held[dl.id]; held != nil {
		d.counts.Repeats++
		if held.Sequence != dl.Sequence { // sent twice; its turn comes when the other is remembered
			_ = dl.msg.NakWithDelay(d.c.AckWait)
			return false
		}
		held.msg, held.heard = dl.msg, dl.heard
		return false
	}
	have := d.written.get(dl.id)
	if have == d.all {
		d.counts.Repeats++
		_ = dl.msg.Ack()
		return false
	}
	dl.missing &^= have
	if dl.Again {
		dl.unsure = dl.missing
	}
	dl.Size = len(dl.msg.Data())
	d.held[dl.id] = dl
	d.bytes += dl.Size
	return true
}
