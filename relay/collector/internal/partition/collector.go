package partition

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/sonde-go/sonde/relay/internal/drain"
	"github.com/sonde-go/sonde/relay/internal/spool"
	"github.com/sonde-go/sonde/relay/internal/tail"
)

// Config says how a collector decides. JS and Rules are needed.
type Config struct {
	JS    jetstream.JetStream
	Rules tail.Rules

	// Draw is [tail.Sampled] if it is nil.
	Draw tail.Draw

	// Pressure says how much of the drain's memory is used, from 0 to 1; nil: none.
	Pressure func() float64

	// AckWait is how long after the death of a collector the others get what it held:
	// [drain.AckWait] if it is 0. The drain's own has to be the same.
	AckWait time.Duration

	// Replicas is on how many servers the decisions are kept: 1 by default.
	Replicas int

	// Log is told what nobody else can be; slog.Default() if it is nil.
	Log *slog.Logger

	alive, pinned, tick time.Duration // tests set them
}

const (
	defaultAlive  = time.Second
	defaultPinned = 20 * time.Second
	defaultTick   = 200 * time.Millisecond
)

// Collector is one of those that decide together. It is the Source and the Decider of
// one [drain.Drain]. Its methods are safe for concurrent use.
type Collector struct {
	c       Config
	name    string
	stream  jetstream.Stream
	log     *decisions
	decider *tail.Decider
	members *members
	parts   [spool.Partitions]*part
	out     chan fetched // of all partitions
	given   fetched      // the last that Fetch gave to the drain
}

// New makes a Collector, which takes no part until it runs. It creates what it needs of
// consumers and buckets.
func New(ctx context.Context, c Config) (*Collector, error) {
	if c.Draw == nil {
		c.Draw = tail.Sampled
	}
	if c.Pressure == nil {
		c.Pressure = func() float64 { return 0 }
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	for _, d := range []struct {
		set       *time.Duration
		otherwise time.Duration
	}{{&c.AckWait, drain.AckWait}, {&c.alive, defaultAlive}, {&c.pinned, defaultPinned}, {&c.tick, defaultTick}} {
		if *d.set == 0 {
			*d.set = d.otherwise
		}
	}
	if err := checkVersion(c.JS.Conn().ConnectedServerVersion()); err != nil {
		return nil, err
	}
	t := &Collector{c: c, name: nuid.Next(), out: make(chan fetched)}
	var err error
	if t.stream, err = c.JS.Stream(ctx, spool.StreamName); err != nil {
		return nil, err
	}
	if t.log, err = openDecisions(ctx, c.JS, t.name, c.Rules.Remember, max(c.Replicas, 1)); err != nil {
		return nil, err
	}
	t.decider = tail.New(c.Rules, c.Draw, time.Now, c.Pressure)
	t.members = newMembers(c.JS.Conn(), alive{Name: t.name, At: whereabouts(), Rules: c.Rules.Settings()}, c.alive)
	for p := range t.parts {
		cons, err := consumer(ctx, c.JS, p, c.AckWait, c.pinned)
		if err != nil {
			return nil, err
		}
		t.parts[p] = newPart(t, p, cons)
	}
	return t, nil
}

// Run takes its share of the partitions until ctx ends. It may be called once, and the
// drain has to end after it, or with it.
func (t *Collector) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 1)
	wg.Go(func() { failed <- t.members.listen(ctx) })
	if !pause(ctx, 2*t.c.alive) { // until all others were heard
		return nil
	}
	wg.Go(func() { t.tellStress(ctx) })
	var told []Difference
	stops := map[int]func(){}
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil
		case <-t.members.changed:
		}
		mine := map[int]bool{}
		for _, p := range t.members.share() {
			mine[p] = true
		}
		for p, stop := range stops {
			if !mine[p] {
				stop()
				delete(stops, p)
			}
		}
		for p := range mine {
			if stops[p] == nil {
				working, stop := context.WithCancel(ctx)
				done := make(chan struct{})
				wg.Go(func() { defer close(done); t.parts[p].run(working) })
				stops[p] = func() { stop(); <-done }
			}
		}
		t.c.Log.Info("tail sampling: partitions were divided anew", "collectors", t.members.count(), "mine", len(mine))
		told = t.tellDifferences(told)
	}
}

// tellStress logs when stress begins and ends.
func (t *Collector) tellStress(ctx context.Context) {
	on := false
	for pause(ctx, time.Second) {
		switch s := t.Counts().Stress; {
		case s.On && !on:
			t.c.Log.Warn("tail sampling: stress; new traces are decided by their base ids alone", "cause", s.Cause, "kept", t.c.Rules.Stress)
		case on && !s.On:
			t.c.Log.Info("tail sampling: the stress is over", "cause", s.Cause)
		default:
			continue
		}
		on = !on
	}
}

// Offer takes a batch from the drain.
func (t *Collector) Offer(b *drain.Batch) {
	if _, drawn := t.c.Draw(b.Trace.String()); !drawn {
		b.Keep()
		return
	}
	t.parts[spool.Partition(b.Trace.String())].offer(b)
}

// Counts are what the collector has decided.
func (t *Collector) Counts() tail.Counts { return t.decider.Counts() }

// Fetch hands out messages of the partitions of this collector as they come, for a
// short while. It heeds no options: each partition's consumer is asked by itself. It is
// called by one goroutine, which looks at one message after the other, and calls it again
// when it has seen them all.
func (t *Collector) Fetch(most int, _ ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	t.give(fetched{})
	b := &messages{c: make(chan jetstream.Msg)}
	go func() {
		defer close(b.c)
		timer := time.NewTimer(fetchFor)
		defer timer.Stop()
		for range most {
			select {
			case f := <-t.out:
				b.c <- f.msg
				t.give(f)
			case <-timer.C:
				return
			}
		}
	}()
	return b, nil
}

// fetched is a message on its way to the drain.
type fetched struct {
	msg jetstream.Msg
	by  *part
}

// give notes that the drain takes a message, and so has seen the one before.
func (t *Collector) give(f fetched) {
	if t.given.msg != nil {
		t.given.by.passed(t.given.msg)
	}
	t.given = f
}

const fetchFor = 500 * time.Millisecond

// messages is a batch of several consumers.
type messages struct{ c chan jetstream.Msg }

func (m *messages) Messages() <-chan jetstream.Msg { return m.c }
func (m *messages) Error() error                   { return nil }

// pause waits, and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// ended reports whether an error only says that the work was ended.
func ended(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}
