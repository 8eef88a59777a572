package drain

import (
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// Decider says which records are written. See the package's documentation.
type Decider interface {
	// Offer is given each batch, from one goroutine and in the order of the spool, and
	// should return soon. For each, Keep, Drop or GiveBack has to be called, then or
	// later.
	Offer(b *Batch)
}

// Batch is a message of the spool: records of one trace. Its fields must not be
// changed, except that a decider may change an event ([record.Event.Change]) before it
// calls Keep. The events are valid until Keep, Drop or GiveBack is called, or Lost is
// closed.
type Batch struct {
	Trace    header.ID
	Events   []record.Event
	Size     int       // bytes of memory
	Spooled  time.Time // when the spool took it
	Sequence uint64    // in the spool
	// Again says that the message was delivered before, perhaps to another process,
	// which may have decided it.
	Again bool

	lost     chan struct{}
	decide   func(reason string) // "": keep
	giveBack func()
}

// NewBatch returns a batch of events of one trace that belongs to no drain, for tests
// of deciders. decide is called by Keep with "", and by Drop with the reason;
// GiveBack does nothing.
func NewBatch(events []record.Event, decide func(reason string)) *Batch {
	b := &Batch{Events: events, lost: make(chan struct{}), decide: decide, giveBack: func() {}}
	for i := range events {
		b.Trace = events[i].Trace()
		b.Size += len(events[i].JSON()) + eventBytes
	}
	return b
}

// eventBytes is what an event takes beside its text.
const eventBytes = 128

// Keep has the batch written to the stores, and its message acknowledged after that.
// Only the first call of Keep, Drop or GiveBack counts; they may be called from any goroutine,
// from Offer too.
func (b *Batch) Keep() { b.decide("") }

// Drop has the message acknowledged without being written. The records are counted as
// dropped for the reason, a word such as "sampled".
func (b *Batch) Drop(reason string) { b.decide(reason) }

// GiveBack has the message delivered again at once, to another process perhaps, which is
// to decide it.
func (b *Batch) GiveBack() { b.giveBack() }

// Lost is closed when the batch is no longer this drain's, since the drain has ended
// or could not reach the server in time. The message will be delivered again, here or
// elsewhere; what has been decided of it does not count.
func (b *Batch) Lost() <-chan struct{} { return b.lost }
