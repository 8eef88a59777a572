package drain

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// beat tells the server which messages are held, so that it gives them to nobody else.
func (d *Drain) beat(ctx context.Context) {
	every := d.c.AckWait / 4
	for wait(ctx, every) {
		d.tell(ctx, every)
	}
}

func (d *Drain) tell(ctx context.Context, patience time.Duration) {
	d.mu.Lock()
	told := make([]*delivery, 0, len(d.held))
	msgs := make([]jetstream.Msg, 0, len(d.held))
	for _, dl := range d.held {
		told, msgs = append(told, dl), append(msgs, dl.msg)
	}
	d.mu.Unlock()
	now := time.Now()
	for i, msg := range msgs {
		if msg.InProgress() != nil {
			told[i] = nil
		}
	}
	if d.c.Reach != nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if d.c.Reach(ctx) != nil {
			told = nil
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dl := range told {
		if dl != nil {
			dl.heard = now
		}
	}
	for _, dl := range d.held {
		if dl.busy == 0 {
			d.ours(dl)
		}
	}
}
