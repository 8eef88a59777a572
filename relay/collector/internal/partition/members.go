package partition

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// aliveSubject is where collectors that sample by trace say that they are there.
const aliveSubject = "sonde.tail.alive"

// alive is what they say.
type alive struct {
	Name    string            `json:"name"`
	At      string            `json:"at,omitempty"`    // for people
	Rules   map[string]string `json:"rules,omitempty"` // see [tail.Rules.Settings]
	Leaving bool              `json:"leaving,omitempty"`
}

// members are the collectors that were heard of lately, this one included.
type members struct {
	conn  *nats.Conn
	self  alive
	every time.Duration

	mu      sync.Mutex
	heard   map[string]member // by name
	changed chan struct{}     // has something after heard has changed
}

// member is what a collector has said, and when it last did.
type member struct {
	alive
	last time.Time
}

// patience is for how many of its intervals a member may be silent.
const patience = 4

func newMembers(conn *nats.Conn, self alive, every time.Duration) *members {
	return &members{conn: conn, self: self, every: every, heard: map[string]member{}, changed: make(chan struct{}, 1)}
}

// listen keeps the list until ctx ends, and says goodbye then.
func (m *members) listen(ctx context.Context) error {
	sub, err := m.conn.Subscribe(aliveSubject, func(msg *nats.Msg) {
		var a alive
		if json.Unmarshal(msg.Data, &a) == nil && a.Name != "" {
			m.hear(a)
		}
	})
	if err != nil {
		return err
	}
	defer sub.Unsubscribe()
	ticker := time.NewTicker(m.every)
	defer ticker.Stop()
	for {
		m.say(m.self)
		m.forget()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			m.say(alive{Name: m.self.Name, Leaving: true})
			return nil
		}
	}
}

func (m *members) say(a alive) {
	text, _ := json.Marshal(a)
	_ = m.conn.Publish(aliveSubject, text) // who is not heard is not there
}

func (m *members) hear(a alive) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.heard[a.Name]
	if a.Leaving {
		delete(m.heard, a.Name)
	} else {
		m.heard[a.Name] = member{a, time.Now()}
	}
	if known == a.Leaving {
		m.tell()
	}
}

func (m *members) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.heard)
	maps.DeleteFunc(m.heard, func(_ string, other member) bool { return time.Since(other.last) > patience*m.every })
	if len(m.heard) != before {
		m.tell()
	}
}

func (m *members) tell() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// share is the partitions of this collector: none as long as it does not hear itself.
func (m *members) share() []int {
	m.mu.Lock()
	names := slices.Sorted(maps.Keys(m.heard))
	m.mu.Unlock()
	return share(names, m.self.Name)
}

// share divides the partitions among collectors, the same way whoever asks: each
// partition belongs to the one that the hash of both ranks highest, of those that have
// not their fair part already. So few of them move when one comes or goes.
func share(names []string, self string) (mine []int) {
	if !slices.Contains(names, self) {
		return nil
	}
	most := (spool.Partitions + len(names) - 1) / len(names)
	has := make([]int, len(names))
	for p := range spool.Partitions {
		best, rank := -1, uint64(0)
		for i, name := range names {
			if r := score(name, p); has[i] < most && (best < 0 || r > rank) {
				best, rank = i, r
			}
		}
		has[best]++
		if names[best] == self {
			mine = append(mine, p)
		}
	}
	return mine
}

func score(name string, partition int) uint64 {
	h := fnv.New64a()
	io.WriteString(h, name+" "+strconv.Itoa(partition))
	x := h.Sum64()
	x ^= x >> 32 // the last bytes of a text reach only the low bits of its FNV
	x *= 0x9e3779b97f4a7c15
	return x ^ x>>29
}

func (m *members) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.heard)
}
