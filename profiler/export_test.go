package profiler

// Taken is what records take now, wherever they are.
func (s *Service) Taken() (bytes, events int64) { return split(s.queue.outlets[0].budget.taken.Load()) }
