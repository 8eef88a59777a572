package drain

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// delivery is a message that this drain holds. What is not in Batch is guarded by
// Drain.mu.
type delivery struct {
	Batch
	id  string
	msg jetstream.Msg

	decided bool
	gone    bool   // no longer held
	missing stores // those that have not stored it
	unsure  stores // those that may have stored a part of it before
	busy    int    // how many of them are being asked to
	aside   int    // records on their way to the quarantine
	heard   time.Time
	failed  map[stores]*failures
	refused map[item]bool // by stores for good
}

// item is a record of a message as one store sees it.
type item struct {
	store stores
	n     int
}

// decideOn does what the decider has said.
func (d *Drain) decideOn(dl *delivery, dropFor string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dl.decided || dl.gone {
		return
	}
	dl.decided = true
	if dropFor != "" {
		d.counts.Dropped[dropFor] += uint64(len(dl.Events))
		dl.missing = 0
	}
	if d.finish(dl) {
		return
	}
	for _, w := range d.writers {
		if dl.missing&w.bit != 0 {
			w.queue = append(w.queue, dl)
			signal(w.wake)
		}
	}
}

// giveOneBack has an undecided message delivered again.
func (d *Drain) giveOneBack(dl *delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !dl.decided && !dl.gone {
		_ = dl.msg.Nak()
		d.letGo(dl)
	}
}

// finish acknowledges the message if nothing of it is left to be done. The caller holds
// mu.
func (d *Drain) finish(dl *delivery) bool {
	if !dl.decided || dl.missing != 0 || dl.aside != 0 || dl.gone {
		return false
	}
	d.written.put(dl.id, d.all)
	if err := dl.msg.Ack(); err == nil { // else it is delivered again, and remembered
		d.counts.Acknowledged++
	}
	d.letGo(dl)
	return true
}

// letGo forgets a message that this drain has finished, or that is to be delivered
// again: then it is remembered which stores have it. The caller holds mu.
func (d *Drain) letGo(dl *delivery) {
	if dl.gone {
		return
	}
	if dl.decided && dl.missing != d.all && dl.missing != 0 {
		d.written.put(dl.id, d.all&^dl.missing)
	}
	dl.gone = true
	close(dl.lost)
	delete(d.held, dl.id)
	d.bytes -= dl.Size
	signal(d.room)
}

// lease is how long a message is certainly this drain's after the server has heard
// so.
func (d *Drain) lease() time.Duration { return d.c.AckWait - d.c.AckWait/6 }

// ours reports whether a message may be written, and lets it go if not. The caller
// holds mu.
func (d *Drain) ours(dl *delivery) bool {
	if !dl.gone && time.Since(dl.heard) > d.lease() {
		d.counts.Lost++
		d.letGo(dl)
	}
	return !dl.gone
}
