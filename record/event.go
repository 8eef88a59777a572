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
// point. How it keeps what its methods tell is its own affair and may change;
// [New] makes one from plain [Fields].
//
// A copy of an Event shares its Info, which a [Sink] may use until Notify
// returns; who keeps an Event for longer keeps a [Event.Clone]. Reading is safe
// for concurrent use, [Event.Set] is not.
type Event struct{ f Fields }

// Fields is what an [Event] is made of, to be written by name.
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

	// Producer is drawn at random for each Service; Seq numbers its events
	// from 1 without a gap, those included that were dropped later. So a
	// reader can prove that something is missing or came twice.
	Producer uint64
	Seq      uint64

	// Info is a JSON object in ASCII, its last key "host". It is stored as it
	// is: nothing checks it.
	Info []byte
}

// New makes an Event, which shares the Info of f.
func New(f Fields) Event { return Event{f} }

// Set makes e what [New] makes of f, in place: for whoever fills the same
// Events again and again.
func (e *Event) Set(f *Fields) { e.f = *f }

// Fields is what e is made of, to make another of it in which something is
// different:
//
//	f := e.Fields()
//	f.Service = "cart"
//	other := record.New(f)
//
// Its Info is that of e, not a copy.
func (e *Event) Fields() Fields { return e.f }

// Clone is a copy of e that shares no memory which the owner of e writes to:
// it stays valid after Notify has returned.
func (e *Event) Clone() Event {
	f := e.f
	f.Info = bytes.Clone(f.Info)
	return Event{f}
}

// Point is the id of the trace point, which its start and its stop share. It is
// stored as trace_id.
func (e *Event) Point() header.ID { return e.f.Point }

// Parent is the id of the point above, and that of the trace at the top. It is
// stored as parent_id.
func (e *Event) Parent() header.ID { return e.f.Parent }

// Trace is the id of the trace, stored as base_id.
func (e *Event) Trace() header.ID { return e.f.Trace }

// Name is the name of the point: "db". See [Event.RecordName].
func (e *Event) Name() string { return e.f.Name }

// RecordName is the name under which the event is stored: "db-start".
func (e *Event) RecordName() string { return e.f.Name + "-" + e.f.Phase.String() }

// Phase says whether the point starts or stops.
func (e *Event) Phase() Phase { return e.f.Phase }

// Time is when it did, a Unix time in nanoseconds. Stores keep microseconds;
// see [AppendTimestamp].
func (e *Event) Time() int64 { return e.f.Time }

// Project is the project that the service belongs to.
func (e *Event) Project() string { return e.f.Project }

// Service is the program that has recorded the event.
func (e *Event) Service() string { return e.f.Service }

// Host is where that program runs.
func (e *Event) Host() string { return e.f.Host }

// Producer is a number drawn at random for each run of a service; 0 is an event
// that was read from a store.
func (e *Event) Producer() uint64 { return e.f.Producer }

// Seq is the event's number among those of its [Event.Producer], from 1 without
// a gap, those included that were dropped later. So a reader can prove that
// something is missing or came twice.
func (e *Event) Seq() uint64 { return e.f.Seq }

// Info is what the event says, a JSON object in ASCII whose last key is "host".
// It must not be changed, and in a [Sink] it is valid until Notify returns.
func (e *Event) Info() []byte { return e.f.Info }
