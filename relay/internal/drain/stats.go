package drain

import (
	"maps"
	"slices"
)

// Stats are what a drain has done since it was made. Of the records that have come,
// Records, each is stored, or present, or refused, in every store; or it was dropped
// or put aside before; or it is still held, or was given back to the spool.
type Stats struct {
	Messages     uint64 // delivered, each time anew
	Redelivered  uint64 // of these, those that were delivered before
	Repeats      uint64 // of these, those that this drain knew to be written or held
	Acknowledged uint64 // messages
	Parked       uint64 // messages given back for a while, since a store fails that has not got them
	Lost         uint64 // messages that may have been given to another drain

	Records     uint64            // in the messages, each time anew
	Dropped     map[string]uint64 // records that are not to be stored, by reason: "transform", or a decider's
	Quarantined uint64            // records
	Stores      []StoreStats      // as in Config.Stores

	HeldMessages, HeldBytes int   // now
	Unreachable             error // why the spool gives no messages now, or nil
}

// StoreStats is what a drain has done for one store.
type StoreStats struct {
	Stored  uint64 // records written and acknowledged
	Present uint64 // records that it had already, from a delivery before
	Waiting int    // messages that wait for it now
	Failing bool   // the last write has failed
}

// Stats returns what has been done until now.
func (d *Drain) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.counts
	s.Dropped = maps.Clone(s.Dropped)
	s.Stores = slices.Clone(s.Stores)
	for i, w := range d.writers {
		s.Stores[i].Waiting, s.Stores[i].Failing = len(w.queue), w.failing
	}
	s.HeldMessages, s.HeldBytes = len(d.held), d.bytes
	return s
}
