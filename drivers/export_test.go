package drivers

// Running is how many calls Close would wait for.
func (s *Store) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}
