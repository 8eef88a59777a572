package profiler

// ring is a list of the traces that hold a chunk, least recently visited first. It
// is guarded by queue.mu.
type ring struct {
	root trace // before the first and after the last
	n    int
}

func (r *ring) init() { r.root.prev, r.root.next = &r.root, &r.root }

func (r *ring) push(t *trace) {
	t.prev, t.next = r.root.prev, &r.root
	t.prev.next, t.next.prev = t, t
	r.n++
}

func (r *ring) remove(t *trace) {
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next = nil, nil
	r.n--
}

// rotate moves the first trace to the end and returns it, or nil if there is none.
func (r *ring) rotate() *trace {
	t := r.root.next
	if t == &r.root {
		return nil
	}
	r.remove(t)
	r.push(t)
	return t
}
