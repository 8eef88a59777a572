package tail

import "maps"

// Counts are what a Decider has done and what it holds.
type Counts struct {
	Kept      map[string]uint64 // traces by rule
	Dropped   uint64            // traces
	Early     map[string]uint64 // traces that were decided before they were quiet, by cause; "stress": at once
	Late      uint64            // batches that came when their trace was decided
	Forgotten uint64            // decisions that had to make room for later ones

	Traces          int   // undecided
	Held            int64 // bytes of the undecided
	Settling        int64 // bytes of what is decided and not settled
	Stress          Stress
	Names           int
	NamesHaveNoRoom bool // traces of further names share their statistics
}

func (c *Counts) decide(v Verdict, early string) {
	if c.Early == nil {
		c.Kept, c.Early = map[string]uint64{}, map[string]uint64{}
	}
	if early != "" {
		c.Early[early]++
	}
	if v.Keep {
		c.Kept[v.Rule]++
	} else {
		c.Dropped++
	}
}

// Counts may be called at any time.
func (d *Decider) Counts() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.counts
	c.Kept, c.Early = maps.Clone(c.Kept), maps.Clone(c.Early)
	c.Forgotten = d.remembered.forgotten
	c.Traces, c.Held, c.Settling, c.Stress = d.first.Len(), d.held, d.settling, d.stress
	c.Names = len(d.judge.names.table)
	c.NamesHaveNoRoom = c.Names >= maxNames
	return c
}
