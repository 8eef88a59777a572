package profiler

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
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
	// Closer is closed at the end of [Service.Close]: the sink's store, unless
	// something else uses it too. Optional.
	Closer io.Closer
	// Logger is told when the sink fails and when it works again, and when
	// headers are refused. Nil: slog.Default().
	Logger *slog.Logger
	// Admit is the admission hook: it decides whether a request without headers
	// is traced anyway. It is called for each such request, so it should be fast,
	// and it must be safe for concurrent use. If it panics, the request is not
	// traced. Nil: no such request is traced.
	Admit func(context.Context, Arrival) bool
	// Disabled makes a Service that traces nothing. It starts no goroutine, and
	// all other fields are ignored.
	Disabled bool
	// Queue limits what waits for the sink.
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
	// BatchEvents is how many records one call of Sink.Notify gets at most.
	// Default: 512.
	BatchEvents int
	// FlushInterval is how long a record is held at most so that others can be
	// sent with it. Default: 100 ms.
	FlushInterval time.Duration
	// NotifyTimeout is when the context of one call of Sink.Notify ends.
	// Default: 10 s.
	NotifyTimeout time.Duration
}

func (q *QueueConfig) setDefaults() {
	q.MaxEvents = cmp.Or(q.MaxEvents, 65536)
	q.MaxBytes = cmp.Or(q.MaxBytes, 64<<20)
	q.BatchEvents = cmp.Or(q.BatchEvents, 512)
	q.FlushInterval = cmp.Or(q.FlushInterval, 100*time.Millisecond)
	q.NotifyTimeout = cmp.Or(q.NotifyTimeout, 10*time.Second)
}

func (q *QueueConfig) validate() error {
	if q.MaxEvents < 0 || q.MaxBytes < 0 || q.BatchEvents < 0 || q.FlushInterval < 0 || q.NotifyTimeout < 0 {
		return errors.New("profiler: a limit of the queue is negative; use zero for the default")
	}
	return nil
}

// New makes a Service and starts the goroutine that feeds its sink. Call
// [Service.Close] when the program ends. It fails if c has no name or no sink, or
// if a limit of its queue is negative.
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
	c.Queue.setDefaults()
	if c.Host == "" {
		c.Host, _ = os.Hostname()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	s := &Service{
		keys:     c.Keys,
		logger:   c.Logger,
		admit:    c.Admit,
		closer:   c.Closer,
		hostTail: append(jsontext.AppendString([]byte(`"host":`), cut(c.Host)), '}'),
	}
	s.queue = newQueue(c, record.New(record.Fields{
		Project: cut(c.Project), Service: cut(c.Name), Host: cut(c.Host),
		Producer: rand.Uint64(),
	}))
	return s, nil
}
