package agent

import (
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// counts are what has become of records, and of posts that were refused.
// received = spooled + repeated + rejected + full + failed.
type counts struct {
	received, spooled, repeated, rejected, full, failed atomic.Uint64

	mu    sync.Mutex
	posts map[string]uint64 // refused, by reason
}

func (c *counts) refused(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.posts == nil {
		c.posts = map[string]uint64{}
	}
	c.posts[reason]++
}

func (c *counts) refusals() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.posts)
}

// spell says something that may happen with every post, but not more often than every
// ten seconds.
type spell struct {
	mu   sync.Mutex
	last time.Time
}

func (s *spell) say(log *slog.Logger, text string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.last.IsZero() || now.Sub(s.last) >= 10*time.Second {
		s.last = now
		log.Error(text, "error", err)
	}
}
