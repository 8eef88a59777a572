package profiler

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// Config describes a Service. Name and Sink are required unless it is disabled.
type Config struct {
	// Name of the service as reports show it, for instance "api". Required.
	Name string
	// Project is the name of the system that the service is part of. Optional.
	Project string
	// Host is the name of the machine. Empty: what os.Hostname returns.
	Host string
	// Keys verify the headers of requests; the first one signs what is sent from
	// traces that begin here. Nil: no request is traced because of its headers,
	// and nothing that is sent out is signed.
	Keys *header.Keyring
	// Sink receives the records, from one goroutine at a time. Required.
	Sink record.Sink
	// More are further sinks, each of which receives every record too. Each has its
	// own queue, goroutine and accounts: one that is slow or down neither delays
	// another nor makes it lose a record.
	More []Destination
	// Closer is closed at the end of [Service.Close]: the sink's store, unless
	// something else uses it too. Optional.
	Closer io.Closer
	// Logger is told when a sink fails and when it works again, when records are
	// dropped and when that is over, and when headers are refused, be they forged
	// or over a limit. Nil: slog.Default().
	Logger *slog.Logger
	// Sampler is the admission hook: it decides which requests are traced that nobody
	// has asked to trace. Nil: those without headers are not, and those of a trace that
	// another service has drawn by sampling are.
	Sampler Sampler
	// Mask says which values of the program's data are not stored: its own
	// attributes, URL parameters and named SQL arguments. The zero Mask hides
	// values whose names say that they are secrets.
	Mask layer.Mask
	// CallSites has the starts of calls that go out and of messages that are sent,
	// those of databases included, say which code of the program made them, as
	// info.sonde.at: "cart.go:42 cart.(*Cart).Load". Findings name it. The code is
	// the innermost function of the main module. It costs about a microsecond a call.
	CallSites bool
	// TraceParent sends OpenTelemetry's header traceparent too, with all that is sent
	// with signed headers, and only with that: programs that know nothing of Sonde
	// then continue the trace, whose id is that of the spans that an OTLP store gets.
	// A traceparent of another trace, which OpenTelemetry's own propagator has set,
	// stays; see [header.Signed.Replaces].
	TraceParent bool
	// ActiveSpan returns the span of OpenTelemetry that ctx carries, such as
	// oteltrace.ActiveSpan does, or the zero TraceParent if it carries none. It is asked
	// in the context of each request that is traced, whose first point then has a
	// link to that span, as info.sonde.traceparent. If there is none, the link is to
	// what the request's traceparent says, as it is if ActiveSpan is nil.
	ActiveSpan func(ctx context.Context) header.TraceParent
	// Disabled makes a Service that traces nothing. It starts no goroutine, and
	// all other fields are ignored.
	Disabled bool
	// Queue limits what waits for Sink.
	Queue QueueConfig
	// Limits bounds what requests with signed headers can cause.
	Limits LimitConfig
	// Detail says how much of each trace is recorded; [Service.SetDetail] changes it
	// while the program runs. The zero Detail records everything.
	Detail Detail
}

// Destination is one more sink and the limits of its queue.
type Destination struct {
	Sink record.Sink
	// Queue limits what is held for Sink, including the records of open traces. A
	// field that is zero is as in Config.Queue. FlushInterval has to be zero, since
	// all sinks are given a record at the same time.
	Queue QueueConfig
}

// QueueConfig limits what is held between traced code and the sink. A field that
// is zero has the default that its comment ends with; a negative one is an error.
//
// MaxEvents and MaxBytes cover every record that is not stored yet: those of open
// traces, those that wait, and those that are being sent. So they also hold for
// long requests and streams while the store is down. When a limit is reached, new
// records are dropped and counted as Dropped.QueueFull. Memory is reserved in
// steps, at least 2 KiB for a trace. What [Point.Add] and [Point.Append] gather
// until their point stops is included, except for the first 1 KiB of a point; what
// there is no room for is left out, as if the point's record were full.
type QueueConfig struct {
	// MaxEvents is how many records may be held. Default: 65536.
	MaxEvents int
	// MaxBytes is how much memory they may use. Default: 64 MiB.
	MaxBytes int
	// BatchEvents is how many records one call of Sink.Notify gets at most. Batches
	// go before FlushInterval is over when four of them are complete, or one if half
	// of the room is taken. With 1, what a trace hands over goes at once. Default: 512.
	BatchEvents int
	// FlushInterval is how long a record is held at most so that others can be
	// sent with it. Default: 100 ms.
	FlushInterval time.Duration
	// NotifyTimeout is how long one call of Sink.Notify may take until its context
	// ends. Default: 10 s.
	NotifyTimeout time.Duration
}

var defaultQueue = QueueConfig{
	MaxEvents: 65536, MaxBytes: 64 << 20, BatchEvents: 512,
	FlushInterval: 100 * time.Millisecond, NotifyTimeout: 10 * time.Second,
}

// setDefaults takes the zero fields of q from d.
func (q *QueueConfig) setDefaults(d QueueConfig) {
	q.MaxEvents = cmp.Or(q.MaxEvents, d.MaxEvents)
	q.MaxBytes = cmp.Or(q.MaxBytes, d.MaxBytes)
	q.BatchEvents = cmp.Or(q.BatchEvents, d.BatchEvents)
	q.FlushInterval = cmp.Or(q.FlushInterval, d.FlushInterval)
	q.NotifyTimeout = cmp.Or(q.NotifyTimeout, d.NotifyTimeout)
}

func (q *QueueConfig) validate() error {
	if q.MaxEvents < 0 || q.MaxBytes < 0 || q.BatchEvents < 0 || q.FlushInterval < 0 || q.NotifyTimeout < 0 {
		return errors.New("profiler: a limit of the queue is negative; use zero for the default")
	}
	return nil
}

// New makes a Service and starts a goroutine for each sink. Call
// [Service.Close] when the program ends. It fails if c has no name or no sink, or
// if a limit is negative.
func New(c Config) (*Service, error) {
	if c.Disabled {
		return &Service{disabled: true}, nil
	}
	switch {
	case c.Name == "":
		return nil, errors.New("profiler: the service has no name; set Config.Name")
	case c.Sink == nil:
		return nil, errors.New("profiler: the service has no sink for its records; set Config.Sink")
	}
	if err := c.Queue.validate(); err != nil {
		return nil, err
	}
	if err := c.Limits.validate(); err != nil {
		return nil, err
	}
	c.Limits.setDefaults()
	c.Queue.setDefaults(defaultQueue)
	c.More = slices.Clone(c.More)
	for i := range c.More {
		d := &c.More[i]
		switch {
		case d.Sink == nil:
			return nil, errors.New("profiler: a Destination has no sink; set its Sink")
		case d.Queue.FlushInterval != 0:
			return nil, errors.New("profiler: a Destination has a flush interval; set that of Config.Queue")
		}
		if err := d.Queue.validate(); err != nil {
			return nil, err
		}
		d.Queue.setDefaults(c.Queue)
	}
	if c.Host == "" {
		c.Host, _ = os.Hostname()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	s := &Service{
		keys:    c.Keys,
		logger:  c.Logger,
		sampler: c.Sampler,
		closer:  c.Closer,
		limits:  newLimiter(&c.Limits),
		mask:    c.Mask,
		sites:   c.CallSites,

		traceParent: c.TraceParent,
		activeSpan:  c.ActiveSpan,
	}
	if err := s.SetDetail(c.Detail); err != nil {
		return nil, err
	}
	s.queue = newQueue(c, record.Source{Project: cut(c.Project), Service: cut(c.Name), Host: cut(c.Host)})
	if a, ok := c.Sampler.(Attacher); ok {
		s.detach = a.Attach(s)
	}
	return s, nil
}
