package profiler

import (
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Stats is what a Service has done so far. Its Delivery is the sum over all sinks:
// with two of them, a record counts twice.
type Stats struct {
	// Traces counts the traces that this Service has joined or begun.
	Traces uint64
	// Accepted counts requests whose headers were verified and within the limits.
	Accepted uint64
	// Refused counts requests whose headers were refused, by reason: forged ones,
	// and those over a limit of LimitConfig. It is never nil.
	Refused map[header.Refusal]uint64
	// Thinned counts requests whose headers were verified and whose trace Config.Sampler
	// does not record here: they are passed on.
	Thinned uint64
	// Admitted counts requests without headers that the admission hook let in.
	Admitted uint64

	Delivery
	// Sinks is what became of the records at each sink, that of Config.Sink first.
	Sinks []SinkStats

	// Late counts calls that add attributes to a point that has already ended, or
	// end it again, except for ending it after [Point.Fail].
	Late uint64
	// LeftOut counts points that were not recorded because their trace had reached
	// its limit of points or bytes, see LimitConfig. They are not in Recorded.
	LeftOut uint64
	// Condensed counts points that were counted in another one's record instead of
	// being written by themselves, see [Detail]. They are not in Recorded.
	Condensed uint64
	// Truncated counts records whose attributes did not all fit.
	Truncated uint64
	// Panics counts panics of the program's code while it encoded an attribute or
	// decided on admission.
	Panics uint64
}

// SinkStats is what became of the records at one sink.
type SinkStats struct {
	// Sink is the sink's URL, without its secrets, if it is a store; otherwise its
	// type.
	Sink string
	Delivery
}

// Delivery says what became of records. None is unaccounted for:
//
//	Recorded = Acknowledged + Dropped.Total() + Unconfirmed + Waiting
//
// After [Service.Close], Waiting is zero. Until then, Waiting is roughly what the
// process would lose if it were killed: those records are only in its memory.
type Delivery struct {
	// Recorded counts records; a point is two. Records of an open trace are counted
	// within QueueConfig.FlushInterval, whether or not the store accepts any. The
	// points "sonde_lost", which tell of lost records, are included.
	Recorded uint64
	// Acknowledged counts records that the sink has stored, whatever that means for
	// the store; see drivers.Terms.
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

// addAll counts the records of c.
func (d *Delivery) addAll(c *chunk) {
	d.Recorded += uint64(c.live())
	for i := range c.recs {
		if r := &c.recs[i]; !r.dead {
			d.add(r.layout.Phase())
		}
	}
}

// add counts a record by its kind.
func (d *Delivery) add(k record.Phase) {
	if k == record.Start {
		d.Starts++
	} else {
		d.Stops++
	}
}

// sum adds the figures of another sink.
func (d *Delivery) sum(more *Delivery) {
	d.Recorded += more.Recorded
	d.Acknowledged += more.Acknowledged
	d.Dropped.QueueFull += more.Dropped.QueueFull
	d.Dropped.Rejected += more.Dropped.Rejected
	d.Dropped.Undelivered += more.Dropped.Undelivered
	d.Dropped.Closed += more.Dropped.Closed
	d.Unconfirmed += more.Unconfirmed
	d.Waiting += more.Waiting
	d.Retries += more.Retries
	d.Starts += more.Starts
	d.Stops += more.Stops
}

// delivery returns the outlet's figures.
func (o *outlet) delivery() Delivery {
	o.q.mu.Lock()
	defer o.q.mu.Unlock()
	d := o.count
	d.Waiting = d.Recorded - d.Acknowledged - d.Unconfirmed - d.Dropped.Total()
	return d
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
		Thinned:   s.thinned.Load(),
		Admitted:  s.admitted.Load(),
		Late:      s.late.Load(),
		LeftOut:   s.leftOut.Load(),
		Condensed: s.condensed.Load(),
		Truncated: s.cutInfos.Load(),
		Panics:    s.panics.Load(),
	}
	for r := range s.refused {
		if n := s.refused[r].Load(); n > 0 {
			st.Refused[header.Refusal(r)] = n
		}
	}
	for _, o := range s.queue.outlets {
		d := o.delivery()
		st.Sinks = append(st.Sinks, SinkStats{Sink: o.name, Delivery: d})
		st.sum(&d)
	}
	return st
}
