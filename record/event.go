package record

import (
	"bytes"

	"github.com/sonde-go/sonde/header"
)

// Phase reports whether a record begins or ends a trace point.
type Phase uint8

// The two kinds of record.
const (
	Start Phase = iota
	Stop
)

// String returns the suffix of a stored record's name: "start" or "stop".
func (k Phase) String() string {
	if k == Stop {
		return "stop"
	}
	return "start"
}

// Event is one record on its way to a store: the start or the stop of a trace
// point. Its representation may change for speed; the methods stay. [New] makes
// one from plain [Fields].
//
// A [Sink] may use an Event and its copies until Notify returns, since a copy
// shares the Info; to keep one longer, take an [Event.Clone]. The methods may be
// called concurrently, except Change.
type Event struct{ f Fields }

// Fields is the content of an [Event] as plain values.
type Fields struct {
	Point  header.ID
	Parent header.ID // the point above, Trace at the top
	Trace  header.ID
	Name   string // of the point, without "-start" or "-stop"
	Phase  Phase
	Time   int64 // Unix time in nanoseconds

	Project string
	Service string
	Host    string

	// Producer is drawn at random for each service; Seq numbers its events
	// from 1 without gaps, including those dropped later, so that a sink can
	// prove that something is missing or arrived twice. Both are 0 for an event
	// that was read from a store, and neither is stored.
	Producer uint64
	Seq      uint64

	// Info is a JSON object in ASCII whose last key is "host". It is stored
	// unchecked.
	Info []byte
}

// New returns an Event with the given fields; it shares the Info of f.
func New(f Fields) Event { return Event{f} }

// Fields returns the content of e, for making a modified event from it. Its Info
// is that of e, not a copy: replace it, do not write to it.
func (e *Event) Fields() Fields { return e.f }

// Change calls change with the fields of e, which it may set in place. The
// pointer is valid until change returns. A [Sink] must not change the events that
// it is given.
func (e *Event) Change(change func(f *Fields)) { change(&e.f) }

// Clone returns a copy of e with an Info of its own, which stays valid after
// Notify has returned.
func (e *Event) Clone() Event {
	f := e.f
	f.Info = bytes.Clone(f.Info)
	return Event{f}
}

// Point returns the id of the trace point, which its start and its stop share. It
// is stored as trace_id.
func (e *Event) Point() header.ID { return e.f.Point }

// Parent returns the id of the point above, or that of the trace if there is
// none. It is stored as parent_id.
func (e *Event) Parent() header.ID { return e.f.Parent }

// Trace returns the id of the trace, stored as base_id.
func (e *Event) Trace() header.ID { return e.f.Trace }

// Name returns the name of the point, such as "db". See [Event.RecordName].
func (e *Event) Name() string { return e.f.Name }

// RecordName returns the name under which the event is stored, such as
// "db-start".
func (e *Event) RecordName() string { return e.f.Name + "-" + e.f.Phase.String() }

// Phase returns whether this is the start or the stop of the point.
func (e *Event) Phase() Phase { return e.f.Phase }

// Time returns when the point started or stopped, as Unix time in nanoseconds.
// Stores keep microseconds, see [AppendTimestamp].
func (e *Event) Time() int64 { return e.f.Time }

// Project returns the project that the service belongs to.
func (e *Event) Project() string { return e.f.Project }

// Service returns the name of the program that recorded the event.
func (e *Event) Service() string { return e.f.Service }

// Host returns the name of the machine that the service runs on.
func (e *Event) Host() string { return e.f.Host }

// Producer returns a number that a service draws at random when it begins, or 0
// for an event that was read from a store.
func (e *Event) Producer() uint64 { return e.f.Producer }

// Seq returns the event's number among those of its producer, see [Fields].
func (e *Event) Seq() uint64 { return e.f.Seq }

// Info returns what the layer says about the point: a JSON object in ASCII whose
// last key is "host". It must not be modified. In a [Sink] it is valid until
// Notify returns.
func (e *Event) Info() []byte { return e.f.Info }
