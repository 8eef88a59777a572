package agent

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// Agent takes records until its context ends.
type Agent struct {
	config    Config
	doors     []door
	spool     *spool.Spool
	drain     drainer // nil: others drain the site's cluster
	committer *committer
	decoders  *decoders
	budget    budget
	producer  string // of the posts that say none
	sequence  atomic.Uint64
	counts    counts
	failing   spell
	started   time.Time

	// under is held for reading by each post that is under way, and for writing by who
	// ends that.
	under   sync.RWMutex
	stopped bool

	stopping atomic.Bool

	closing sync.Once
	closed  error
}

// drainer takes what is in the spool to the stores until ctx ends.
type drainer interface {
	Run(ctx context.Context)
	// stats adds what it has done to a status.
	stats(s *Status)
}

// New opens the spool and the sockets; ctx bounds how long it waits for a cluster. The
// caller has to call Run or Close.
func New(ctx context.Context, c Config) (*Agent, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	return newAgent(ctx, c, newDrain)
}

func newAgent(ctx context.Context, c Config, newDrain func(context.Context, *spool.Spool, *Config) (drainer, error)) (a *Agent, err error) {
	c = c.withDefaults()
	var number [8]byte
	rand.Read(number[:])
	a = &Agent{config: c, decoders: newDecoders(4), budget: budget{most: c.MaxMemory}, producer: hex.EncodeToString(number[:]), started: time.Now()}
	defer func() {
		if err != nil {
			a.Close()
			a = nil
		}
	}()
	if a.doors, err = listen(ctx, &c); err != nil {
		return a, err
	}
	for _, s := range c.Stores {
		if a.isAt(s.URL()) {
			return a, fmt.Errorf("the store %s is this agent: it would take its records to itself for ever", s.URL())
		}
	}
	if a.spool, err = spool.Open(ctx, c.spool()); err != nil {
		return a, err
	}
	if a.drain, err = newDrain(ctx, a.spool, &c); err != nil {
		return a, err
	}
	a.committer = newCommitter(a.spool)
	return a, nil
}

// Addresses are those that the agent listens on.
func (a *Agent) Addresses() []string {
	all := make([]string, len(a.doors))
	for i, d := range a.doors {
		all[i] = d.address
	}
	return all
}

// isAt reports whether the URL of a store is that of one of this agent's addresses.
func (a *Agent) isAt(store string) bool {
	u, err := url.Parse(store)
	if err != nil || u.Scheme != "agent" {
		return false
	}
	at := u.Host
	if at == "" {
		if at = u.Path; strings.Trim(at, "/") == "" {
			at = DefaultSocket
		}
	}
	return slices.ContainsFunc(a.doors, func(d door) bool { return d.Addr().String() == at })
}

// Run answers posts and drains the spool until ctx ends. Then it answers what is under
// way, drains what is in a spool of its own, both within Config.StopTimeout, and
// closes the agent. What is left stays in the spool for the next one. It may be
// called once.
func (a *Agent) Run(ctx context.Context) error {
	defer a.Close()
	failed := make(chan error, len(a.doors)+1)
	// A cluster's connection that was only lost is made again; one that was refused, since
	// its user is gone, is closed, and whoever starts the agent again tries that again.
	a.spool.JetStream().Conn().SetClosedHandler(func(conn *nats.Conn) {
		failed <- fmt.Errorf("NATS: the connection is closed: %w", cmp.Or(conn.LastError(), nats.ErrConnectionClosed))
	})
	servers := make([]*http.Server, len(a.doors))
	var running sync.WaitGroup
	for i := range a.doors {
		d := &a.doors[i]
		s := &http.Server{
			Handler: a.handler(d), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
			WriteTimeout: a.config.BodyTimeout + time.Minute, // the time until the spool has a post included
			ErrorLog:     log.New(&quiet{log: a.config.Log}, "", 0), ConnContext: withConn,
		}
		servers[i] = s
		running.Go(func() {
			var err error
			if d.tcp && a.config.TLS != nil {
				s.TLSConfig = a.config.TLS.Clone()
				err = s.ServeTLS(d.Listener, "", "")
			} else {
				err = s.Serve(d.Listener)
			}
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", d.address, err)
			}
		})
	}
	draining, endDraining := context.WithCancel(context.WithoutCancel(ctx))
	defer endDraining()
	if a.drain != nil {
		running.Go(func() { a.drain.Run(draining) })
	}
	var err error
	select {
	case <-ctx.Done():
		a.config.Log.Info("the agent stops")
	case err = <-failed:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.config.StopTimeout)
	defer cancel()
	a.stopping.Store(true)
	a.stop(limit, servers)
	if err == nil && a.drain != nil && a.spool.Embedded() {
		a.empty(limit)
	}
	endDraining()
	running.Wait()
	if closeErr := a.Close(); err == nil {
		err = closeErr
	}
	return err
}

// stop ends the posts: those under way are answered, within the limit.
func (a *Agent) stop(limit context.Context, servers []*http.Server) {
	var wg sync.WaitGroup
	for _, s := range servers {
		wg.Go(func() {
			if s.Shutdown(limit) != nil {
				s.Close()
			}
		})
	}
	wg.Wait()
	a.endPosts()
}

func (a *Agent) endPosts() {
	a.under.Lock() // once no post is under way
	defer a.under.Unlock()
	if !a.stopped {
		a.stopped = true
		if a.committer != nil {
			a.committer.close()
		}
	}
}

// empty waits until the spool is empty.
func (a *Agent) empty(limit context.Context) {
	for {
		st, err := a.spool.State(limit)
		if err == nil && st.Messages == 0 {
			return
		}
		select {
		case <-limit.Done():
			a.config.Log.Warn("what is still in the spool stays there for the next agent", "messages", st.Messages, "bytes", st.Bytes)
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Close closes the sockets and the spool of an agent that does not run; Run does it by
// itself. Calls after the first do nothing.
func (a *Agent) Close() error {
	a.closing.Do(func() {
		for _, d := range a.doors {
			d.Close()
		}
		a.endPosts()
		if a.spool != nil {
			a.spool.JetStream().Conn().SetClosedHandler(nil)
			a.closed = a.spool.Close()
		}
	})
	return a.closed
}

// quiet takes what net/http says of connections, which senders can make it say as often
// as they like, to the log's level for those who look for it.
type quiet struct{ log *slog.Logger }

func (q *quiet) Write(b []byte) (int, error) {
	q.log.Debug("http", "said", string(b))
	return len(b), nil
}
