package profiler

import (
	"log/slog"
	"time"
)

// outage is a spell in which a sink fails, with pauses shorter than spellPause: it is
// logged once when it begins and once when it is over. All of it happens in the
// outlet's goroutine, so that the last line says what holds.
type outage struct {
	failed uint64    // tries so far; 0: there is no outage
	last   time.Time // when the last one failed
	taking bool      // the sink has taken a batch since
}

// fails notes that a try to send n records has failed with err.
func (o *outlet) fails(n int, err error) {
	if o.outage.failed == 0 {
		o.log(slog.LevelWarn, "sonde: the store does not take trace records; they wait and are sent again", "error", err, "waiting", n)
	}
	o.outage = outage{failed: o.outage.failed + 1, last: time.Now()}
}

// takes notes that the sink has taken a batch.
func (o *outlet) takes() {
	if o.outage.failed > 0 {
		o.outage.taking = true
		o.endOutage(false)
	}
}

// endOutage ends an outage that is over: the sink takes records and has not failed for
// spellPause, or for however short a time if nothing comes any more.
func (o *outlet) endOutage(final bool) {
	if s := &o.outage; s.taking && (final || time.Since(s.last) >= spellPause) {
		o.log(slog.LevelInfo, "sonde: the store takes trace records again", "failed", s.failed)
		*s = outage{}
	}
}

// await waits until something is due or a batch is complete, until an outage may be
// over, or until Close has handed everything over, which it reports.
func (o *outlet) await() (ending bool) {
	var calm <-chan time.Time
	if o.outage.taking {
		timer := time.NewTimer(spellPause - time.Since(o.outage.last))
		defer timer.Stop()
		calm = timer.C
	}
	select {
	case <-o.wake:
	case <-calm:
		o.endOutage(false)
	case <-o.closing:
		ending = true
	}
	return ending
}
