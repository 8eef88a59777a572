package profiler

import (
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Stats is what a Service has done so far. After Close
//
//	Recorded = Acknowledged + Dropped.Total() + Unconfirmed
type Stats struct {
	// Traces are the requests joined and traces begun.
	Traces uint64
	// Accepted and Refused count the headers that were verified; Admitted the
	// requests without headers that the admission hook let in.
	Accepted uint64
	Refused  map[header.Refusal]uint64
	Admitted uint64

	// Recorded counts the records given to the queue or refused by it, half a
	// point each. An open trace gives what it has gathered at each flush
	// interval, whether or not the store takes anything.
	Recorded uint64
	// Acknowledged counts those that the sink has taken.
	Acknowledged uint64
	// Dropped counts those that the sink will never see.
	Dropped Dropped
	// Unconfirmed counts those of which it is not known whether the store has
	// them, since a reply was lost before the Service was closed.
	Unconfirmed uint64
	// Waiting counts those that are on their way.
	Waiting uint64
	// Retries counts the batches that were sent again.
	Retries uint64

	// Starts and Stops count the records by kind: a point that was never
	// stopped is in the first only.
	Starts, Stops uint64
	// Late counts calls of Stop or Add on a point that had ended.
	Late uint64
	// Truncated counts infos that were cut for their size.
	Truncated uint64
	// Panics counts panics of user code that was run to encode a value or to
	// decide on admission.
	Panics uint64
}

// Dropped counts dropped records by reason.
type Dropped struct {
	QueueFull   uint64 // no room within MaxEvents and MaxBytes: the sink was too slow
	Rejected    uint64 // the sink will never take them
	Undelivered uint64 // not stored when Close gave up
	Closed      uint64 // recorded after Close
}

// Total is the sum over all reasons.
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

// Stats returns the figures of this moment.
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
