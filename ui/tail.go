package ui

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report"
)

const (
	// lookEvery is how often what is followed is read again, as "trace show --live"
	// does.
	lookEvery = time.Second

	// longestPause is the longest time between two readings of a store that fails.
	longestPause = 15 * time.Second

	// beatEvery is how often a silent stream is written to, so that the end of its
	// reader is noticed.
	beatEvery = 15 * time.Second
)

// stream is a stream of server-sent events.
type stream struct {
	w     http.ResponseWriter
	flush func() error
	wrote time.Time
}

// event sends an event whose data is one line.
func (s *stream) event(name string, data []byte) error {
	if _, err := fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, data); err != nil {
		return err
	}
	s.wrote = time.Now()
	return s.flush()
}

// beat writes to a stream that has been silent for long.
func (s *stream) beat() error {
	if time.Since(s.wrote) < beatEvery {
		return nil
	}
	if _, err := fmt.Fprint(s.w, ": still here\n\n"); err != nil {
		return err
	}
	s.wrote = time.Now()
	return s.flush()
}

// follow makes a handler of what is asked once a second until it is over or its reader
// has gone. An error of the store is an event, after which it is asked less often.
func (v *viewer) follow(begin func(*http.Request, *params) (look func(*stream) (over bool, err error), err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		look, err := begin(r, newParams(r))
		if err != nil {
			writeProblem(w, statusOf(err), err.Error())
			return
		}
		select {
		case v.tails <- struct{}{}:
			defer func() { <-v.tails }()
		default:
			w.Header().Set("Retry-After", "10")
			writeProblem(w, http.StatusServiceUnavailable, "too many browsers follow traces already")
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		s := &stream{w: w, flush: http.NewResponseController(w).Flush, wrote: time.Now()}
		if err := s.flush(); err != nil { // the headers, so that the reader knows that it follows
			return
		}
		pause := lookEvery
		for {
			over, err := look(s)
			if r.Context().Err() != nil || over {
				return
			}
			if err != nil {
				if s.event("problem", problemJSON(statusOf(err), err.Error())) != nil {
					return
				}
				pause = min(2*pause, longestPause)
			} else {
				pause = lookEvery
			}
			if s.beat() != nil {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-time.After(pause):
			}
		}
	})
}

// tail sends each trace that comes or changes as an event "trace", whose data is as one
// of a list.
func (v *viewer) tail(r *http.Request, p *params) (func(*stream) (bool, error), error) {
	t := traces.Tail{Query: p.filter(), Store: v.store}
	if err := p.check(); err != nil {
		return nil, err
	}
	if !v.store.Can(drivers.List) {
		for _, err := range v.store.Traces(r.Context(), drivers.Query{Limit: 1}) {
			return nil, err
		}
	}
	return func(s *stream) (bool, error) {
		for line, err := range t.Next(r.Context()) {
			if err != nil {
				return false, err
			}
			if err := s.event("trace", traces.AppendLine(nil, &line)); err != nil {
				return true, err
			}
		}
		return false, nil
	}, nil
}

// tailOne sends an event "changed" whenever more of a trace has come, and "ended" once
// its roots have ended and nothing more comes.
func (v *viewer) tailOne(r *http.Request, p *params) (func(*stream) (bool, error), error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	id, err := traces.Resolve(r.Context(), v.store, pathVar(r, "trace"))
	if err != nil {
		return nil, err
	}
	records := -1
	return func(s *stream) (bool, error) {
		read, err := traces.Records(r.Context(), v.store, id)
		if err != nil {
			return false, err
		}
		before := records
		records = read.Records
		switch {
		case records == before && traces.Ended(read):
			return true, s.event("ended", counts(read))
		case records != before:
			return false, s.event("changed", counts(read))
		}
		return false, nil
	}, nil
}

func counts(r *report.Report) []byte {
	return fmt.Appendf(nil, `{"records":%d,"points":%d,"unfinished":%d}`, r.Records, r.Len(), r.Unfinished())
}
