package drain

// memory remembers which stores have which messages, for the last ones.
type memory struct {
	of   map[string]stores
	ring []string
	next int
}

func newMemory(n int) memory { return memory{of: map[string]stores{}, ring: make([]string, n)} }

func (m *memory) get(id string) stores { return m.of[id] }

// put adds to the stores that have a message.
func (m *memory) put(id string, have stores) {
	if known, ok := m.of[id]; ok {
		m.of[id] = known | have
		return
	}
	delete(m.of, m.ring[m.next])
	m.ring[m.next] = id
	m.next = (m.next + 1) % len(m.ring)
	m.of[id] = have
}
