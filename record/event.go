package record

import (
	"bytes"

	"github.com/sonde-go/sonde/header"
)

// Phase says whether a record begins or ends a trace point.
type Phase uint8

// The two kinds of record.
const (
	Start Phase = iota
	Stop
)

// String is what a stored record's name ends with: "start" or "stop".
func (k Phase) String() string {
	if k == Stop {
		return "stop"
	}
	return "start"
}

// Event is one record on its way to a store: the start or the stop of a trace
// point. What is inside may change for speed; the methods stay. [New] makes one
// from plain [Fields].
//
// A [Sink] may use an Event and its copies until Notify returns, since a copy
// shares the Info; to keep one longer, take an [Event.Clone]. The methods may be
// called concurrently, except Change.
type Event struct{ f Fields }

// Fields is what an [Event] says, as plain values to write and to change.
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
	// from 1 without a gap, those included that were dropped later. So a
	// reader can prove that something is missing or came twice. Both are 0 for
	// an event that was read from a store, and neither is stored.
	Producer uint64
	Seq      uint64

	// Info is a JSON object in ASCII, its last key "host". It is stored as it
	// is: nothing checks it.
	Info []byte
}

// New makes an Event, which shares the Info of f.
func New(f Fields) Event { return Event{f} }

// Fields returns what e says, to make another event of it in which something is
// different. Its Info is that of e, not a copy: replace it, do not write to it.
func (e *Event) Fields() Fields { return e.f }

// Change has change set some of the fields of e, in place, and leaves the others
// as they are. The fields are valid until change returns. A [Sink] does not change
// the events that it is given.
func (e *Event) Change(change func(f *Fields)) { change(&e.f) }

// Clone returns a copy of e with an Info of its own, which stays valid after
// Notify has returned.
func (e *Event) Clone() Event {
	f := e.f
	f.Info = bytes.Clone(f.Info)
	return Event{f}
}

// Point is the id of the trace point, the same in its start and its stop. It is
// stored as trace_id.
func (e *Event) Point() header.ID { return e.f.Point }

// Parent is the id of the point above, or that of the trace if there is none. It
// is stored as parent_id.
func (e *Event) Parent() header.ID { return e.f.Parent }

// Trace is the id of the trace, stored as base_id.
func (e *Event) Trace() header.ID { return e.f.Trace }

// Name is the name of the point: "db". See [Event.RecordName].
func (e *Event) Name() string { return e.f.Name }

// RecordName is the name under which the event is stored: "db-start".
func (e *Event) RecordName() string { return e.f.Name + "-" + e.f.Phase.String() }

// Phase says whether this is the start of the point or its stop.
func (e *Event) Phase() Phase { return e.f.Phase }

// Time is when the point started or stopped: Unix time in nanoseconds. Stores
// keep microseconds, see [AppendTimestamp].
func (e *Event) Time() int64 { return e.f.Time }

// Project is the project that the service belongs to.
func (e *Event) Project() string { return e.f.Project }

// Service is the name of the program that recorded the event.
func (e *Event) Service() string { return e.f.Service }

// Host is the name of the machine that the service runs on.
func (e *Event) Host() string { return e.f.Host }

// Producer is a number that a service draws at random when it begins, or 0 for an
// event that was read from a store.
func (e *Event) Producer() uint64 { return e.f.Producer }

// Seq numbers the events of a producer, see [Fields].
func (e *Event) Seq() uint64 { return e.f.Seq }

// Info is what the layer says of the point: a JSON object in ASCII, whose last
// key is "host". It must not be written to. In a [Sink] it is valid until Notify
// returns.
func (e *Event) Info() []byte { return e.f.Info }
