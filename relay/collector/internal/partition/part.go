package partition

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/drain"
	"github.com/sonde-go/sonde/relay/internal/tail"
)

// part is a partition as one collector sees it.
type part struct {
	t        *Collector
	n        int
	consumer jetstream.Consumer

	mu      sync.Mutex
	mine    bool
	pin     string         // that the server gave the last message under
	again   bool           // the partition has to be taken over: it is new, or the pin was elsewhere
	offered []*drain.Batch // not looked at yet
	progress

	// What follows is that of the goroutine that decides.
	last    uint64          // entry of the log that is known
	written time.Time       // when the last one was
	held    map[uint64]bool // messages that wait for a decision, by their sequence
	missing missing
}

// progress is how far a partition has been read, by the clock of the spool. The times of
// both clocks are never compared: they may differ.
type progress struct {
	at      time.Time // of the spool: what came there until then has been read
	now     time.Time // of this collector, when nothing waited in the spool at that time; zero: something did
	passing int       // messages between the server and the drain
	seen    uint64    // deliveries of the consumer, the last one that is known
}

// guess is how far it has been read if nothing has come since. A collector that was
// frozen or starved does not know that: see [part.confirm].
func (r *progress) guess() time.Time {
	if r.now.IsZero() || r.passing > 0 {
		return r.at
	}
	return r.at.Add(time.Since(r.now))
}

func (r *progress) set(at time.Time, waiting uint64) {
	r.at, r.now = at, time.Time{}
	if waiting == 0 {
		r.now = time.Now()
	}
}

func newPart(t *Collector, n int, c jetstream.Consumer) *part {
	return &part{t: t, n: n, consumer: c, held: map[uint64]bool{}}
}

// run has the partition until ctx ends, and gives back then what is not decided.
func (p *part) run(ctx context.Context) {
	p.mu.Lock()
	p.mine, p.again, p.pin, p.progress = true, true, "", progress{}
	p.mu.Unlock()
	// Whoever had it before may be dead and still pinned.
	_ = p.t.stream.UnpinConsumer(ctx, ConsumerName(p.n), group)
	var wg sync.WaitGroup
	wg.Go(func() { p.fetch(ctx) })
	for ok := true; ok; ok = pause(ctx, p.t.c.tick) {
		if err := p.work(ctx); err != nil && !ended(ctx, err) {
			p.t.c.Log.Warn("tail sampling: a partition waits", "partition", p.n, "error", err)
			pause(ctx, time.Second)
		}
	}
	wg.Wait()
	p.mu.Lock()
	p.mine = false
	for _, b := range p.offered {
		b.GiveBack()
	}
	p.offered = nil
	p.mu.Unlock()
	p.giveUp()
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = p.t.stream.UnpinConsumer(leave, ConsumerName(p.n), group)
}

// giveUp gives back what is held.
func (p *part) giveUp() {
	for _, b := range p.t.decider.Forget(p.n) {
		b.Ref.(*drain.Batch).GiveBack()
	}
	clear(p.held)
}

// offer takes a batch in; one that came when the partition had gone goes back.
func (p *part) offer(b *drain.Batch) {
	p.mu.Lock()
	mine := p.mine
	if mine {
		p.offered = append(p.offered, b)
	}
	p.mu.Unlock()
	if !mine {
		b.GiveBack()
	}
}

const (
	// fetchAtOnce is how many messages of a partition are asked for at once.
	fetchAtOnce = 64
	pinHeader   = "Nats-Pin-Id"
)

// fetch hands messages of the partition to the drain until ctx ends.
func (p *part) fetch(ctx context.Context) {
	asking := p.t.c.pinned / 4
	for ctx.Err() == nil {
		window, cancel := context.WithTimeout(ctx, asking)
		batch, err := p.consumer.Fetch(fetchAtOnce, jetstream.FetchPriorityGroup(group), jetstream.FetchContext(window))
		if err == nil {
			for msg := range batch.Messages() {
				p.see(msg)
				select {
				case p.t.out <- fetched{msg, p}:
				case <-ctx.Done():
					_ = msg.Nak()
				}
			}
			err = batch.Error()
		}
		failed := err != nil && window.Err() == nil
		cancel()
		if failed {
			pause(ctx, p.t.c.tick)
		}
	}
}

// see notices that the pin was elsewhere.
func (p *part) see(msg jetstream.Msg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passing++
	if pin := msg.Headers().Get(pinHeader); pin != "" && p.pin != pin {
		p.pin, p.again = pin, true
	}
}

// passed is told of a message after the drain has looked at it, so that what is in it has
// been offered.
func (p *part) passed(msg jetstream.Msg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passing = max(0, p.passing-1)
	meta, err := msg.Metadata()
	if err != nil {
		return
	}
	p.seen = max(p.seen, meta.Sequence.Consumer)
	if meta.NumDelivered == 1 { // others come in no order
		p.progress.set(meta.Timestamp, meta.NumPending)
	}
}

// confirm asks the server whether nothing has come that would be read before something
// that silence decides.
func (p *part) confirm(ctx context.Context) error {
	p.mu.Lock()
	at, guess := p.progress.at, p.progress.guess()
	p.mu.Unlock()
	if guess.Equal(at) || !p.t.decider.Due(p.n, guess) || p.t.decider.Due(p.n, at) {
		return nil
	}
	info, err := p.consumer.Info(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if info.NumPending == 0 && info.Delivered.Consumer <= p.seen && p.passing == 0 {
		p.progress.set(info.TimeStamp, 0)
	}
	return nil
}

// work takes the partition over if it has to, and decides what can be decided.
func (p *part) work(ctx context.Context) error {
	p.mu.Lock()
	again := p.again && p.pin != ""
	ours := p.pin != ""
	p.mu.Unlock()
	if !ours {
		return nil
	}
	if again {
		if err := p.takeOver(ctx); err != nil {
			return err
		}
	}
	if err := p.confirm(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	at, offered := p.progress.at, p.offered
	p.offered = nil
	p.mu.Unlock()
	for _, b := range offered {
		p.add(b)
	}
	if err := p.missing.look(ctx, p); err != nil {
		return err
	}
	if p.missing.hasAny() && !p.t.decider.Stressed() {
		return nil
	}
	return p.settle(ctx, at)
}

func (p *part) add(b *drain.Batch) {
	p.missing.came(b.Sequence)
	outcome, _ := p.t.decider.Add(tail.Batch{
		Partition: p.n, Trace: b.Trace.String(), At: b.Spooled, Events: b.Events, Size: b.Size, Ref: b,
	})
	switch outcome {
	case tail.Held:
		p.held[b.Sequence] = true
	case tail.Kept:
		b.Keep()
	case tail.Dropped:
		b.Drop(dropped)
	}
}

// dropped is the reason under which a drain counts what was not kept.
const dropped = "tail sampling"

// settle writes down what was decided, and does it.
func (p *part) settle(ctx context.Context, at time.Time) error {
	ts := p.t.decider.Decided(p.n, at)
	for len(ts) > 0 || time.Since(p.written) > p.t.c.Rules.Remember/4 { // an entry that expires cannot be followed
		some := ts[:min(len(ts), maxEntry)]
		at, err := p.t.log.append(ctx, p.n, p.last, some)
		if errors.Is(err, errTaken) {
			p.t.c.Log.Debug("tail sampling: a partition is another collector's now", "partition", p.n)
			p.giveUp()
			p.mu.Lock()
			p.pin = "" // until the server sends something again
			p.mu.Unlock()
			return nil
		}
		if err != nil { // it may have been written all the same
			p.mu.Lock()
			p.again = true
			p.mu.Unlock()
			return err
		}
		p.last, p.written = at, time.Now()
		kept, gone := p.t.decider.Settle(p.n, some)
		for _, b := range kept {
			p.let(b).Keep()
		}
		for _, b := range gone {
			p.let(b).Drop(dropped)
		}
		ts = ts[len(some):]
	}
	return nil
}

// maxEntry is how many decisions an entry has: some 20 bytes each at most.
const maxEntry = 10_000

func (p *part) let(b tail.Batch) *drain.Batch {
	batch := b.Ref.(*drain.Batch)
	delete(p.held, batch.Sequence)
	return batch
}
