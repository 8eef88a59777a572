package profiler

import (
	"log/slog"
	"time"
)

// spellEnd is how long nothing must be dropped for a spell to be over.
const spellEnd = time.Second

// drops is a spell in which a sink's records are dropped for one reason. It is
// logged once when it begins and once when it ends. It is guarded by queue.mu.
type drops struct {
	n     uint64    // records so far; 0: there is no spell
	seen  uint64    // n at the last look
	since time.Time // when it was that first
	err   error     // the sink's, if it rejects them
}

// look reports whether a spell begins and whether it ends. It goes on until its
// reason is gone, even if nothing is dropped.
func (s *drops) look(gone, final bool) (was drops, begins, ends bool) {
	if s.n == 0 {
		return drops{}, false, false
	}
	begins = s.seen == 0
	if s.n != s.seen {
		s.seen, s.since = s.n, time.Now()
	}
	ends = final || gone && time.Since(s.since) >= spellEnd
	was = *s
	if ends {
		*s = drops{}
	}
	return was, begins, ends
}

// tellDrops logs which spells have begun and which have ended, and reports whether
// any goes on.
func (o *outlet) tellDrops(final bool) bool {
	again := false
	tell := func(s *drops, reason string, gone bool) {
		o.q.mu.Lock()
		was, begins, ends := s.look(gone, final)
		o.q.mu.Unlock()
		args := []any{"reason", reason, "records", was.n}
		if was.err != nil {
			args = append(args, "error", was.err)
		}
		if begins {
			o.log(slog.LevelWarn, "sonde: trace records are dropped", args...)
		}
		if ends {
			o.log(slog.LevelWarn, "sonde: no more trace records are dropped", args...)
		}
		again = again || was.n > 0 && !ends
	}
	tell(&o.full, "queue full", o.budget.easy())
	tell(&o.rejected, "rejected", true)
	return again
}
