package sondetest

import (
	"context"
	"sync"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// sink keeps the records of each profile, and knows which of its points are open.
type sink struct {
	mu       sync.Mutex
	profiles map[header.ID]*recording
}

// recording is what is known of one profile, guarded by sink.mu.
type recording struct {
	events []record.Event
	points map[header.ID]*openPoint // that are open
	order  []header.ID              // of the points by their first record
	done   bool                     // the profile has ended
	late   []string                 // names of points that began after that
	ended  chan struct{}            // closed when no point is open; nil unless somebody waits
}

type openPoint struct {
	name string
	open int // starts without a stop
}

// begin prepares for the records of a profile.
func (s *sink) begin(id header.ID) *recording {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.profiles == nil {
		s.profiles = map[header.ID]*recording{}
	}
	rec := &recording{points: map[header.ID]*openPoint{}}
	s.profiles[id] = rec
	return rec
}

// Notify implements [record.Sink]. What belongs to no profile is left out.
func (s *sink) Notify(_ context.Context, events []record.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		if rec := s.profiles[events[i].Trace()]; rec != nil {
			rec.add(&events[i])
		}
	}
	return nil
}

func (rec *recording) add(e *record.Event) {
	if rec.done {
		if e.Phase() == record.Start {
			rec.late = append(rec.late, e.Name()+" ("+e.Service()+")")
		}
		return
	}
	rec.events = append(rec.events, e.Clone())
	p := rec.points[e.Point()]
	if p == nil {
		p = &openPoint{name: e.Name() + " (" + e.Service() + ")"}
		rec.points[e.Point()] = p
		rec.order = append(rec.order, e.Point())
	}
	if e.Phase() == record.Start {
		p.open++
	} else {
		p.open--
	}
	if p.open == 0 {
		delete(rec.points, e.Point())
	}
	if len(rec.points) == 0 && rec.ended != nil {
		close(rec.ended)
		rec.ended = nil
	}
}

// state says how many records rec has, and what is closed when no point of it is
// open any more, nil if none is.
func (s *sink) state(rec *recording) (records int, ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(rec.points) == 0 {
		return len(rec.events), nil
	}
	if rec.ended == nil {
		rec.ended = make(chan struct{})
	}
	return len(rec.events), rec.ended
}

// open are the points that have not ended.
func (s *sink) open(rec *recording) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range rec.order {
		if p := rec.points[id]; p != nil {
			names = append(names, p.name)
		}
	}
	return names
}

// end ends rec and returns its records.
func (s *sink) end(rec *recording) []record.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := rec.events
	rec.events, rec.done = nil, true
	return events
}

// late are the points that began after their profile had ended.
func (s *sink) late() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rec := range s.profiles {
		names = append(names, rec.late...)
	}
	return names
}
