package sqlite

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/record"
)

// forgetEvery is the pause between two looks for what is old.
const forgetEvery = time.Hour

// keeper is a store that forgets what is old while it is written to. One that is
// only read is left as it is.
type keeper struct {
	*sqlstore.Store
	retention time.Duration
	logger    *slog.Logger
	life      context.Context // ends with Close
	end       context.CancelFunc

	mu      sync.Mutex
	next    time.Time     // when to look again
	looking chan struct{} // closed when nobody looks; nil: nobody has
}

func keep(s *sqlstore.Store, retention time.Duration, logger *slog.Logger) *keeper {
	k := &keeper{Store: s, retention: retention, logger: logger}
	k.life, k.end = context.WithCancel(context.Background())
	return k
}

// Notify implements [record.Sink].
func (k *keeper) Notify(ctx context.Context, events []record.Event) error {
	err := k.Store.Notify(ctx, events)
	if err == nil && len(events) > 0 {
		k.look(time.Now())
	}
	return err
}

// look begins to forget, if it is time to, and waits for nothing.
func (k *keeper) look(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.next) || k.life.Err() != nil {
		return
	}
	if k.looking != nil {
		select {
		case <-k.looking:
		default:
			return
		}
	}
	k.next = now.Add(forgetEvery)
	done := make(chan struct{})
	k.looking = done
	go func() {
		defer close(done)
		if _, err := k.Store.Forget(k.life, now.Add(-k.retention)); err != nil && k.life.Err() == nil {
			k.logger.Warn("sonde: traces older than the retention could not be removed", "retention", k.retention, "error", err)
		}
	}()
}

// Close implements [driver.Driver].
func (k *keeper) Close() error {
	k.end()
	k.mu.Lock()
	looking := k.looking
	k.mu.Unlock()
	if looking != nil {
		<-looking
	}
	return k.Store.Close()
}
