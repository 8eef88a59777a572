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
func (k Phase) String() string { return k.suffix()[len("-"):] }

func (k Phase) suffix() string {
	if k == Stop {
		return "-stop"
	}
	return "-start"
}

// Event is one record on its way to a store: the start or the stop of a trace
// point. [New] makes one from plain [Fields]. It holds the record as stores keep it,
// one JSON text, and reads most other fields out of that when they are asked for.
//
// A [Sink] may use an Event and its copies until Notify returns, since a copy
// shares the text; to keep one longer, take an [Event.Clone]. The methods may be
// called concurrently, except Change. Those of the zero Event return zero values.
type Event struct {
	text   []byte
	layout Layout
	source *Source // nil: the zero Event
	trace  header.ID
	time   int64
	seq    uint64
	number Number
}

// Source is what all events of a service have in common, see [Fields].
type Source struct {
	Project, Service, Host string
	Producer               uint64
}

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

	// Number is the event's among those of its trace. [New] writes it into the record,
	// if it is not zero.
	Number Number

	// Info is a JSON object in ASCII whose last key is "host". It is stored
	// unchecked.
	Info []byte

	// More is what a record that was read has beside its own members: further ones in
	// JSON and ASCII, each with a comma before it. It is stored unchecked.
	More []byte
}

// New returns an Event with the given fields; it shares nothing with f.
func New(f Fields) Event {
	text, layout := f.AppendJSON(make([]byte, 0, 512+len(f.Name)+len(f.Info)))
	source := &Source{f.Project, f.Service, f.Host, f.Producer}
	return Stored(text, layout, source, &f.Trace, f.Time, f.Seq, f.Number)
}

// Stored returns the Event whose record was written as text, with this layout, by
// [Fields.AppendJSON] or by a [Frame] of the trace. The Event shares text and source,
// which must not change as long as it is used.
func Stored(text []byte, layout Layout, source *Source, trace *header.ID, time int64, seq uint64, number Number) Event {
	return Event{text, layout, source, *trace, time, seq, number}
}

// Fields returns the content of e, for making a modified event from it. Its Info and
// More are those of e, no copies: replace them, do not write to them.
func (e *Event) Fields() Fields {
	s := e.from()
	return Fields{
		Point: e.Point(), Parent: e.Parent(), Trace: e.trace,
		Name: e.Name(), Phase: e.Phase(), Time: e.time,
		Project: s.Project, Service: s.Service, Host: s.Host,
		Producer: s.Producer, Seq: e.seq, Number: e.number, Info: e.Info(), More: e.More(),
	}
}

// Change calls change with the fields of e and makes e the event with what change has
// set. A [Sink] must not change the events that it is given.
func (e *Event) Change(change func(f *Fields)) {
	f := e.Fields()
	change(&f)
	*e = New(f)
}

// Clone returns a copy of e that stays valid after Notify has returned.
func (e *Event) Clone() Event {
	c := *e
	c.text = bytes.Clone(c.text)
	return c
}

// AppendJSON appends the event to b as OSProfiler stores it, one JSON object in
// ASCII without blanks or a newline:
//
//	{"name":"db-start","base_id":…,"trace_id":…,"parent_id":…,"timestamp":…,"info":{…},"project":…,"service":…}
func (e *Event) AppendJSON(b []byte) []byte { return append(b, e.text...) }

// JSON returns what [Event.AppendJSON] appends. It must not be modified. In a [Sink]
// it is valid until Notify returns.
func (e *Event) JSON() []byte { return e.text }

// Point returns the id of the trace point, which its start and its stop share. It
// is stored as trace_id.
func (e *Event) Point() header.ID { return e.layout.id(e.text, false) }

// Parent returns the id of the point above, or that of the trace if there is
// none. It is stored as parent_id.
func (e *Event) Parent() header.ID { return e.layout.id(e.text, true) }

// Trace returns the id of the trace, stored as base_id.
func (e *Event) Trace() header.ID { return e.trace }

// Name returns the name of the point, such as "db". See [Event.RecordName]. What is
// not UTF-8 in it is U+FFFD.
func (e *Event) Name() string { return e.layout.named(e.text, int(e.layout.name)) }

// RecordName returns the name under which the event is stored, such as
// "db-start".
func (e *Event) RecordName() string { return e.layout.named(e.text, e.layout.nameEnd()) }

// Phase returns whether this is the start or the stop of the point.
func (e *Event) Phase() Phase { return e.layout.phase }

// Time returns when the point started or stopped, as Unix time in nanoseconds.
// Stores keep microseconds, see [AppendTimestamp].
func (e *Event) Time() int64 { return e.time }

// Project returns the project that the service belongs to.
func (e *Event) Project() string { return e.from().Project }

// Service returns the name of the program that recorded the event.
func (e *Event) Service() string { return e.from().Service }

// Host returns the name of the machine that the service runs on.
func (e *Event) Host() string { return e.from().Host }

// Producer returns a number that a service draws at random when it begins, or 0
// for an event that was read from a store.
func (e *Event) Producer() uint64 { return e.from().Producer }

// from is the source of e, a zero one if e has none.
func (e *Event) from() *Source {
	if e.source == nil {
		return &Source{}
	}
	return e.source
}

// Seq returns the event's number among those of its producer, see [Fields].
func (e *Event) Seq() uint64 { return e.seq }

// Number returns which of the trace's records this is, see [Fields].
func (e *Event) Number() Number { return e.number }

// Numbered reports whether the event's text has its Number. That of an event which a
// service has made does not.
func (e *Event) Numbered() bool { return e.layout.numbered }

// AppendNumbered appends what [Event.AppendJSON] does, with the Number as its last
// member if the event has one.
func (e *Event) AppendNumbered(b []byte) []byte {
	if e.layout.numbered || e.number.IsZero() {
		return append(b, e.text...)
	}
	return append(e.number.AppendMember(append(b, e.text[:len(e.text)-1]...)), '}')
}

// Info returns what the layer says about the point: a JSON object in ASCII whose
// last key is "host". It must not be modified. In a [Sink] it is valid until
// Notify returns.
func (e *Event) Info() []byte { return e.layout.Info(e.text) }

// More returns the members of the record that are none of a record's own, see [Fields];
// nil if there are none. It must not be modified. In a [Sink] it is valid until Notify
// returns.
func (e *Event) More() []byte { return e.layout.furtherMembers(e.text) }
