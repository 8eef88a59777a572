package tail

import "time"

const (
	stressOn  = 0.90 // of what may be held
	stressOff = 0.75
	stressMin = 10 * time.Second
)

// Stress says whether new traces are decided by their base ids alone, because what
// may be held is nearly used up.
type Stress struct {
	On    bool
	Since time.Time // when it began or ended last; zero if it never began
	// Cause is what is or was nearly used up: "memory" or "traces" that are held, or
	// "store", memory of traces that the store has not taken yet.
	Cause string
}

// fill is how much of something is used, from 0 to 1.
type fill struct {
	of    string
	level float64
}

// see changes the state by what is used most. Stress ends well below the level at which
// it began, and not before some time, so that it does not come and go.
func (s *Stress) see(fills [3]fill, now time.Time) (changed bool) {
	most := fills[0]
	for _, f := range fills[1:] {
		if f.level > most.level {
			most = f
		}
	}
	switch {
	case !s.On && most.level >= stressOn:
		s.On, s.Cause, s.Since = true, most.of, now
	case s.On && most.level < stressOff && now.Sub(s.Since) >= stressMin:
		s.On, s.Since = false, now
	default:
		return false
	}
	return true
}
