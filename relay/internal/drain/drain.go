package drain

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
	"github.com/sonde-go/sonde/relay/transform"
)

// Source hands out messages of the spool: a [jetstream.Consumer].
type Source interface {
	Fetch(batch int, opts ...jetstream.FetchOpt) (jetstream.MessageBatch, error)
}

// Config says what a drain does. Source, AckWait, Stores and Quarantine are needed.
type Config struct {
	Source  Source
	AckWait time.Duration // of the consumer

	// Stores are written to, up to 32 of them. The caller closes them.
	Stores []*drivers.Store

	// Transform, if it is not nil, changes and drops records before anything is
	// written, the quarantine included.
	Transform *transform.Rules

	// Decider, if it is not nil, says which records are written.
	Decider Decider

	// Quarantine takes what can never be stored, see [spool.Spool.Quarantine].
	Quarantine func(context.Context, []spool.Bad) error

	// Reach returns nil once the server has heard everything sent so far, such as
	// FlushWithContext of a connection. Nil: it is always heard.
	Reach func(context.Context) error

	// MaxBytes is the memory for records that are not yet acknowledged, 64 MiB by
	// default and 4 MiB at least.
	MaxBytes int

	// Grace is how long Run goes on writing what it holds after its context has ended:
	// 10 s by default.
	Grace time.Duration

	// Log is told what nobody else can be; slog.Default() if it is nil.
	Log *slog.Logger

	pause, park time.Duration // the first ones; tests set them
}

const (
	minBytes   = 4 << 20
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
	firstPark  = 30 * time.Second
	maxParks   = 3 // how often a park's time doubles
	// remembered is how many messages a drain remembers, some 100 bytes each.
	remembered = 1 << 16
)

// Drain takes messages to stores. Its methods are safe for concurrent use.
type Drain struct {
	c       Config
	writers []*writer
	all     stores // a bit for each of them
	decoder record.Decoder

	mu      sync.Mutex
	held    map[string]*delivery // by their ids
	bytes   int                  // of held
	written memory               // which messages are stored where
	counts  Stats
	bad     []aside       // for the quarantine
	room    chan struct{} // has something after bytes became less
	toAside chan struct{} // has something after bad became longer
}

// stores is a set of stores.
type stores uint32

// New makes a Drain, which does nothing until it runs.
func New(c Config) (*Drain, error) {
	switch {
	case c.Source == nil || c.Quarantine == nil || c.AckWait <= 0:
		return nil, errors.New("drain: Source, AckWait and Quarantine are needed")
	case len(c.Stores) == 0:
		return nil, errors.New("drain: no store: there is nowhere to take the records")
	case len(c.Stores) > 32:
		return nil, errors.New("drain: more than 32 stores")
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	c.MaxBytes = max(c.MaxBytes, minBytes)
	if c.Grace == 0 {
		c.Grace = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.pause == 0 {
		c.pause = firstPause
	}
	if c.park == 0 {
		c.park = firstPark
	}
	d := &Drain{
		c: c, held: map[string]*delivery{}, written: newMemory(remembered),
		room: make(chan struct{}, 1), toAside: make(chan struct{}, 1),
	}
	for i, s := range c.Stores {
		d.writers = append(d.writers, &writer{d: d, bit: 1 << i, store: s, most: maxBatch, wake: make(chan struct{}, 1)})
		d.all |= 1 << i
	}
	d.counts.Stores = make([]StoreStats, len(c.Stores))
	d.counts.Dropped = map[string]uint64{}
	return d, nil
}

// Run drains until ctx ends; then it fetches nothing more, and for up to Config.Grace
// writes what it holds. The messages that it has not finished by then are given back
// to the server. It may be called once.
func (d *Drain) Run(ctx context.Context) {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	for _, w := range d.writers {
		wg.Go(func() { w.run(working) })
	}
	wg.Go(func() { d.putAside(working) })
	wg.Go(func() { d.beat(working) })

	d.fetch(ctx)

	timer := time.NewTimer(d.c.Grace)
	defer timer.Stop()
	for d.unfinished() {
		select {
		case <-d.room:
			continue
		case <-timer.C:
		}
		break
	}
	stop()
	wg.Wait()
	d.giveBack()
	if d.c.Reach != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = d.c.Reach(ctx) // what the server has not heard is delivered again
	}
}

// unfinished reports whether a message is held that was decided.
func (d *Drain) unfinished() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dl := range d.held {
		if dl.decided {
			return true
		}
	}
	return false
}

// giveBack has all that is held delivered again, to another process perhaps.
func (d *Drain) giveBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dl := range d.held {
		_ = dl.msg.Nak()
		d.letGo(dl)
	}
}

// signal puts something into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wait waits, and reports whether ctx has not ended.
func wait(ctx context.Context, t time.Duration) bool {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
