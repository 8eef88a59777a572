package profiler

import (
	"sync"
	"sync/atomic"
	"time"
)

// spellPause is how long something must not happen for its spell to be over.
const spellPause = time.Minute

// spell is a time in which something goes on, with pauses shorter than
// spellPause to twice that. While it lasts, noting that the thing happens costs
// two looks at memory and no look at the clock.
type spell struct {
	on    atomic.Bool
	again atomic.Bool // it has happened since the timer was set

	mu      sync.Mutex
	timer   *time.Timer // guarded by mu
	stopped bool        // guarded by mu
}

// begins notes that it happens, and reports whether that begins a spell.
func (s *spell) begins() bool {
	if s.on.Load() {
		if !s.again.Load() {
			s.again.Store(true)
		}
		return false
	}
	if s.on.Swap(true) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.timer = time.AfterFunc(spellPause, s.look)
	}
	return true
}

// look ends the spell unless it goes on.
func (s *spell) look() {
	if !s.again.Swap(false) {
		s.on.Store(false)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.timer.Reset(spellPause)
	}
}

// stop leaves no timer behind.
func (s *spell) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped = true; s.timer != nil {
		s.timer.Stop()
	}
}
