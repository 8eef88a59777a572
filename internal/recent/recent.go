// Package recent keeps what was made of texts that come again and again, such as a
// program's statements, in a cache that cannot grow.
package recent

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

const (
	sets = 64
	ways = 4

	// MaxText is how long a text may be to be kept; longer ones contain values and
	// do not come again. So the texts of a cache take 1 MiB at most.
	MaxText = 4 << 10
)

// seed is the process's own, so that nobody can choose texts that share a set.
var seed = maphash.MakeSeed()

// Hash is the hash of text that a [Cache] takes. It has no meaning outside of the
// process.
func Hash(text string) uint64 { return maphash.String(seed, text) }

// Cache has a value for each of up to 256 texts. A text is found by all of its
// bytes, so nothing is ever taken for anything else. Texts that come once do not
// drive out those that come again: where there is no room, a text must come twice
// before it takes a place. The zero Cache is empty, and a Cache is safe for concurrent
// use; finding something takes no lock and allocates nothing.
type Cache[V any] struct {
	sets [sets]set[V]
}

type set[V any] struct {
	places [ways]atomic.Pointer[entry[V]]
	asked  atomic.Uint64 // the hash of the text that found no room last
}

type entry[V any] struct {
	text  string
	hash  uint64
	again atomic.Bool // found since a text last took a place of the set
	value V
}

// Get returns what is kept for text, whose hash is that of [Hash], or nil.
func (c *Cache[V]) Get(hash uint64, text string) *V {
	places := &c.sets[hash%sets].places
	for i := range places {
		if e := places[i].Load(); e != nil && e.hash == hash && e.text == text {
			if !e.again.Load() {
				e.again.Store(true)
			}
			return &e.value
		}
	}
	return nil
}

// Put returns value's place, and keeps it for text if there is room. What it keeps
// of text is a copy.
func (c *Cache[V]) Put(hash uint64, text string, value V) *V {
	e := &entry[V]{hash: hash, value: value}
	if len(text) > MaxText {
		return &e.value
	}
	s := &c.sets[hash%sets]
	place := s.free()
	if place == nil {
		if s.asked.Swap(hash) != hash {
			return &e.value
		}
		place = s.oldest()
	}
	e.text = strings.Clone(text)
	place.Store(e)
	return &e.value
}

func (s *set[V]) free() *atomic.Pointer[entry[V]] {
	for i := range s.places {
		if s.places[i].Load() == nil {
			return &s.places[i]
		}
	}
	return nil
}

// oldest is the place of a text that has not come again since this was last asked.
func (s *set[V]) oldest() *atomic.Pointer[entry[V]] {
	for i := range s.places {
		if !s.places[i].Load().again.Swap(false) {
			return &s.places[i]
		}
	}
	return &s.places[0]
}
