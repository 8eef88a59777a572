package drain

import (
	"context"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// aside is what one message gives to the quarantine at once.
type aside struct {
	of  *delivery
	bad []spool.Bad
}

// toQuarantine has records put aside, until which their message is not finished. The
// caller holds mu.
func (d *Drain) toQuarantine(dl *delivery, bad []spool.Bad) {
	if dl.gone {
		return
	}
	dl.aside++
	d.bad = append(d.bad, aside{dl, bad})
	signal(d.toAside)
}

// decideNothing finishes a message all of whose records are put aside or dropped.
func (d *Drain) decideNothing(dl *delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dl.decided, dl.missing = true, 0
	d.finish(dl)
}

// putAside is the goroutine that takes records to the quarantine. It is a stream of
// the spool's server, so what fails here is not acknowledged either.
func (d *Drain) putAside(ctx context.Context) {
	for {
		select {
		case <-d.toAside:
		case <-ctx.Done():
			return
		}
		d.mu.Lock()
		work := d.bad
		d.bad = nil
		d.mu.Unlock()
		for _, a := range work {
			for try := 0; ; try++ {
				err := d.c.Quarantine(ctx, a.bad)
				if err == nil {
					break
				}
				if try == 0 {
					d.c.Log.Warn("the quarantine takes no records; trying again", "error", err)
				}
				if !wait(ctx, min(d.c.pause<<min(try, 10), maxPause)) {
					return
				}
			}
			d.asideDone(a)
		}
	}
}

func (d *Drain) asideDone(a aside) {
	for i := range a.bad {
		d.c.Log.Warn("a record that can never be stored is in the quarantine; see sonde relay quarantine list", "trace", a.bad[i].Trace, "reason", a.bad[i].Reason, "source", a.bad[i].Source)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts.Quarantined += uint64(len(a.bad))
	a.of.aside--
	d.finish(a.of)
}
