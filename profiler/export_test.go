package profiler

// Taken is what records take now, wherever they are.
func (s *Service) Taken() (bytes, events int64) {
	b := &s.queue.budget
	return b.bytes.Load(), b.events.Load()
}
