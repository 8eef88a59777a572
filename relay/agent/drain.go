package agent

import (
	"context"
	"time"

	"github.com/sonde-go/sonde/relay/internal/drain"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// draining is the drain to the stores of an agent's config.
type draining struct {
	*drain.Drain
	stores []string
}

// newDrain is the drain to the stores of a config, nil if it has none.
func newDrain(ctx context.Context, s *spool.Spool, c *Config) (drainer, error) {
	if len(c.Stores) == 0 {
		return nil, nil
	}
	consumer, err := drain.Consumer(ctx, s.JetStream())
	if err != nil {
		return nil, err
	}
	config := drain.Config{
		Source: consumer, AckWait: drain.AckWait, Stores: c.Stores, Quarantine: s.Quarantine,
		Reach: s.Reach, MaxBytes: int(c.MaxMemory), Grace: time.Second, // after Config.StopTimeout
		Log: c.Log,
	}
	d := &draining{}
	for _, store := range c.Stores {
		d.stores = append(d.stores, store.URL())
	}
	d.Drain, err = drain.New(config)
	return d, err
}

func (d *draining) stats(s *Status) {
	did := d.Stats()
	s.Dropped, s.Quarantined = did.Dropped, did.Quarantined
	for i, st := range did.Stores {
		s.Stores = append(s.Stores, StoreStatus{Store: d.stores[i], Stored: st.Stored, Present: st.Present, Waiting: st.Waiting, Failing: st.Failing})
	}
}
