package profiler

import (
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Stats is what a Service has done so far. No record is unaccounted for:
//
//	Recorded = Acknowledged + Dropped.Total() + Unconfirmed + Waiting
//
// After [Service.Close], Waiting is zero.
type Stats struct {
	// Traces counts the traces that this Service has joined or begun.
	Traces uint64
	// Accepted counts requests whose headers were verified.
	Accepted uint64
	// Refused counts requests whose headers were refused, by reason. It is never
	// nil.
	Refused map[header.Refusal]uint64
	// Admitted counts requests without headers that the admission hook let in.
	Admitted uint64

	// Recorded counts records; a point is two. Records of an open trace are counted
	// within QueueConfig.FlushInterval, whether or not the store accepts any.
	Recorded uint64
	// Acknowledged counts records that the sink has stored.
	Acknowledged uint64
	// Dropped counts records that are lost, by reason.
	Dropped Dropped
	// Unconfirmed counts records that may or may not be stored: the sink's answer
	// was lost, and the Service closed before they could be sent again.
	Unconfirmed uint64
	// Waiting counts records that are not stored yet.
	Waiting uint64
	// Retries counts batches that were sent again.
	Retries uint64

	// Starts and Stops count the start and stop records in Recorded, except those
	// in Dropped.Closed. A point that has not ended is in Starts only.
	Starts, Stops uint64
	// Late counts calls that add attributes to a point that has already ended, or
	// end it again, except for ending it after [Point.Fail].
	Late uint64
	// Truncated counts records whose attributes did not fit.
	Truncated uint64
	// Panics counts panics of the program's code while it encoded an attribute or
	// decided on admission.
	Panics uint64
}

// Dropped counts lost records by reason.
type Dropped struct {
	QueueFull   uint64 // over MaxEvents or MaxBytes of QueueConfig: the sink was too slow
	Rejected    uint64 // the sink returned a record.RejectedError for them
	Undelivered uint64 // not stored when Close gave up
	Closed      uint64 // recorded after Close
}

// Total returns the sum over all reasons.
func (d Dropped) Total() uint64 { return d.QueueFull + d.Rejected + d.Undelivered + d.Closed }

// counters are the figures that the queue keeps, under its lock.
type counters struct {
	starts, stops                                uint64
	recorded, acknowledged, unconfirmed, retries uint64
	dropped                                      Dropped
}

// addAll counts the records of c.
func (n *counters) addAll(c *chunk) {
	n.recorded += uint64(c.live())
	for i := range c.recs {
		if r := &c.recs[i]; !r.dead {
			n.add(r.kind)
		}
	}
}

// add counts a record by its kind.
func (n *counters) add(k record.Phase) {
	if k == record.Start {
		n.starts++
	} else {
		n.stops++
	}
}

// Stats returns the current figures.
func (s *Service) Stats() Stats {
	if s == nil || s.disabled {
		return Stats{Refused: map[header.Refusal]uint64{}}
	}
	st := Stats{
		Traces:    s.joined.Load(),
		Accepted:  s.accepted.Load(),
		Refused:   map[header.Refusal]uint64{},
		Admitted:  s.admitted.Load(),
		Late:      s.late.Load(),
		Truncated: s.cutInfos.Load(),
		Panics:    s.panics.Load(),
	}
	for r := range s.refused {
		if n := s.refused[r].Load(); n > 0 {
			st.Refused[header.Refusal(r)] = n
		}
	}
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	n := &q.count
	st.Recorded, st.Acknowledged, st.Dropped = n.recorded, n.acknowledged, n.dropped
	st.Unconfirmed, st.Retries = n.unconfirmed, n.retries
	st.Starts, st.Stops = n.starts, n.stops
	st.Waiting = n.recorded - n.acknowledged - n.unconfirmed - n.dropped.Total()
	return st
}
