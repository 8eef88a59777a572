// Package drain takes the records of the spool to the stores: the second half of an
// agent, and all of a collector.
//
//	message → checked → transformed → decided → written to each store → acknowledged
//
// A message is a batch of records of one trace (see package spool). It is
// acknowledged, and so deleted from the spool, when every store has acknowledged its
// records, those apart that the transform or the decider drops and those that are in
// the quarantine: what can never be stored goes there with its reason, and holds up
// nothing.
//
// # What is written twice
//
// Stores are written at least once, and some keep a repeat. So a drain avoids them. It
// remembers the messages that it has written. Of a message that was delivered
// before, to a process that has died perhaps, and of a write whose answer was lost, it
// reads the trace back first and writes what is missing. And it writes nothing that
// may have been given to another drain meanwhile: while it holds a message it says so
// to the server, and when it could not say so in time the message is no longer its own.
// What remains are writes that a store carries out after it was read; readers ignore
// such repeats.
//
// # A store that is down
//
// Each store has its own writer and its own retries. What waits for one of them alone
// goes back to the spool when memory is needed for what the others can take; what they
// have stored is not written to them again.
//
// # Deciding later
//
// Between transform and writing there may be a [Decider], such as tail sampling, which
// says of each [Batch] whether it is kept, at once or when it knows:
//
//	type everything struct{}
//
//	func (everything) Offer(b *drain.Batch) { b.Keep() }
//
// The message of a batch stays with this drain until it is decided: not acknowledged,
// and not given to another one. If the process dies, all its undecided messages are
// delivered again, those of one partition to whoever has the partition then. A decider
// that keeps its decisions elsewhere writes them there before it calls Keep or Drop.
//
// What a decider holds counts towards [Config.MaxBytes], and nothing is fetched while
// that is reached: a decider has to have a lower bound of its own ([Batch.Size]), and to
// decide the oldest when it is reached. A drain takes one consumer's messages in their
// order and calls Offer from one goroutine. So with a consumer for each partition, and
// a drain for each consumer, all that is known of a trace comes to one decider.
package drain
