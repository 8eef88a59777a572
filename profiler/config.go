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

// Config says what a Service is.
type Config struct {
	// Name of the service as reports show it, for instance "api". Required.
	Name string
	// Project is the name of the system that the service is a part of.
	Project string
	// Host defaults to the machine's name.
	Host string
	// Keys verify the headers of requests; the first one signs traces begun
	// here. Without a key no request is traced.
	Keys *header.Keyring
	// Sink takes the records. Required.
	Sink record.Sink
	// Closer, if there is one, is closed at the end of Close: the sink's
	// store, unless others use it too.
	Closer io.Closer
	// Logger hears of a sink that fails or works again; nil: slog.Default().
	Logger *slog.Logger
	// Admit decides whether a request without headers is traced all the same.
	// It is called for each such request, so it should be quick; it must be
	// safe for concurrent use. Nil: never.
	Admit func(context.Context, Arrival) bool
	// Disabled makes a Service that traces nothing: it needs no other field and
	// starts no goroutine.
	Disabled bool
	// Queue bounds what waits for the sink.
	Queue QueueConfig
}

// QueueConfig bounds what stands between traced code and the sink. Zero fields
// have the defaults that are named.
//
// MaxEvents and MaxBytes are for every record that is not stored yet, whether
// its trace still gathers, it waits, or it is being sent, so they hold for
// long requests and streams too while the store is down. When one is reached,
// new records are dropped and counted as Dropped.QueueFull. Memory is taken in
// steps, of 2 KiB at least for a trace. What Point.Add gathers until its point
// stops counts too, but for the first 1 KiB of a point; what there is no room for
// is cut, as if the point's info were full.
type QueueConfig struct {
	MaxEvents     int           // records not stored yet; 65536
	MaxBytes      int           // memory they may take; 64 MiB
	BatchEvents   int           // records given to Notify at once, at most; 512
	FlushInterval time.Duration // how long a record waits for company; 100 ms
	NotifyTimeout time.Duration // for one call of Notify; 10 s
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
		return errors.New("profiler: a limit of the queue is negative")
	}
	return nil
}

// New makes a Service and starts the goroutine that feeds its sink. Close it
// when the program ends.
func New(c Config) (*Service, error) {
	if c.Disabled {
		return &Service{disabled: true}, nil
	}
	switch {
	case c.Name == "":
		return nil, errors.New("profiler: the service has no name")
	case c.Sink == nil:
		return nil, errors.New("profiler: the service has no sink for its records")
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
