package faults

import (
	"context"
	"errors"
	"testing"

	"github.com/sonde-go/sonde/internal/watchdog"
)

// overflow is rounds of services with small queues and an agent with a small spool. What
// they drop is counted by its reason, and told in the store.
func overflow(t *testing.T) {
	s := small(t, t.TempDir(), "--max-bytes", "1MiB")
	l := newLoad(t, s, 400)
	rounds(t, s, l,
		fault{"agent away", func(t *testing.T, s *site, l *load) {
			s.agent.Kill()
			l.dropping(t)
			s.agent.Restart()
		}},
		fault{"agent frozen", func(t *testing.T, s *site, l *load) {
			s.agent.Freeze()
			l.dropping(t)
			s.agent.Thaw()
		}},
		fault{"spool full", func(t *testing.T, s *site, l *load) {
			before := s.status().Full
			s.postgres.Freeze()
			watchdog.Until(t, "a spool that is full", func() bool { return s.status().Full > before })
			l.dropping(t)
			s.postgres.Thaw()
		}})
	watchdog.Until(t, "all that was dropped to be told in the store", func() bool {
		lost, forgotten := s.told(t)
		return lost == l.figures().Dropped.Total() || forgotten > 0 // of so many traces that each could not be remembered
	})
	l.closed(t, s)
}

// closed ends the services while the agent is away, and requests go on after that: what
// could not be delivered and what came too late is counted too.
func (l *load) closed(t *testing.T, s *site) {
	t.Helper()
	s.agent.Kill()
	l.resume()
	l.more(t, after)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var said error
	for _, svc := range l.services {
		said = errors.Join(said, svc.Close(ctx))
	}
	if said == nil {
		t.Error("services that could not deliver their records say nothing")
	}
	l.more(t, after)
	l.stop()
	s.agent.Restart()
	f := l.figures()
	if f.Waiting != 0 || f.Recorded != f.Acknowledged+f.Unconfirmed+f.Dropped.Total() {
		t.Errorf("the accounts do not balance: %+v", f)
	}
	if f.Dropped.QueueFull == 0 || f.Dropped.Undelivered == 0 || f.Dropped.Closed == 0 {
		t.Errorf("nothing was dropped for a reason: %+v", f)
	}
	watchdog.Until(t, "an empty spool", func() bool {
		st := s.status()
		return st.Ready && st.Spool.Messages == 0
	})
	if _, n, err := s.stored(t); err != nil || n < f.Acknowledged || n > f.Acknowledged+f.Unconfirmed {
		t.Errorf("%d records are stored, %v: %+v", n, err, f)
	}
	t.Logf("at the end: %+v", f)
}
