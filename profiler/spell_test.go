package profiler

import "testing"

// TestSpell: only the first of a spell begins it, and the spell lasts until
// nothing has happened between two looks.
func TestSpell(t *testing.T) {
	var s spell
	defer s.stop()
	for i, step := range []struct {
		look bool // the timer has run
		want bool
	}{
		{false, true}, {false, false}, {false, false},
		{true, false}, // it went on before
		{true, false}, // the one after the look
		{false, false},
	} {
		if step.look {
			s.look()
		}
		if got := s.begins(); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
	s.look()
	s.look() // a minute of quiet
	if !s.begins() {
		t.Error("no spell begins after a quiet time")
	}
}

// TestSpellStopped: a timer does not outlive its service.
func TestSpellStopped(t *testing.T) {
	var s spell
	s.begins()
	s.begins()
	s.stop()
	s.look()
	if s.timer.Stop() {
		t.Error("the timer runs")
	}
}
