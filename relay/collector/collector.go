package collector

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/relay/collector/internal/partition"
	"github.com/sonde-go/sonde/relay/internal/drain"
	"github.com/sonde-go/sonde/relay/internal/spool"
	"github.com/sonde-go/sonde/relay/internal/tail"
	"github.com/sonde-go/sonde/relay/transform"
)

// Config is what a collector is told.
type Config struct {
	// JetStream is the URL of the site's NATS cluster, or several with commas.
	// Credentials is a file with its user, TLS how it is spoken to, and Replicas on how
	// many of its servers the spool is kept if it must be created, 1 by default.
	JetStream   string
	Credentials string
	TLS         *tls.Config
	Replicas    int

	// Stores get all records; one at least. The caller closes them.
	Stores []*drivers.Store

	// Transform, if it is not nil, changes records before anything is written.
	Transform *transform.Rules

	// Tail is a file of rules of tail sampling; "" keeps all traces. All collectors of a
	// site need the same one, but for how much is held; others are logged and told in
	// [Status].
	Tail string

	// MaxBytes is the memory for records on their way, 64 MiB by default; with Tail
	// what the rules allow and this.
	MaxBytes int

	// Metrics is an address of this machine on which /metrics, /healthz, /readyz and
	// /v1/status are answered, such as 127.0.0.1:9464; "" is none.
	Metrics string

	// StopTimeout is how long the end may take: writing what has been fetched. Ten seconds
	// by default. What is left is given to other collectors.
	StopTimeout time.Duration

	// Log is slog's default if it is nil.
	Log *slog.Logger
}

// Collector takes records to stores. Its methods are safe for concurrent use.
type Collector struct {
	config   Config
	spool    *spool.Spool
	drain    *drain.Drain
	tail     *partition.Collector // nil: all traces are kept
	listener net.Listener         // nil: none
	started  time.Time
	stopping atomic.Bool
	closing  sync.Once
}

// New connects to the cluster and opens what it needs; ctx bounds how long it waits for a
// cluster that has no leader. The caller has to call Run or Close.
func New(ctx context.Context, config Config) (c *Collector, err error) {
	if config.JetStream == "" {
		return nil, errors.New("a collector needs the URL of the site's NATS cluster")
	}
	config.StopTimeout = cmp.Or(config.StopTimeout, 10*time.Second)
	config.MaxBytes = cmp.Or(config.MaxBytes, 64<<20)
	if config.Log == nil {
		config.Log = slog.Default()
	}
	c = &Collector{config: config, started: time.Now()}
	defer func() {
		if err != nil {
			c.Close()
			c = nil
		}
	}()
	var rules tail.Rules
	if config.Tail != "" {
		if rules, err = tailRules(config.Tail); err != nil {
			return c, err
		}
	}
	if config.Metrics != "" {
		if c.listener, err = listen(ctx, config.Metrics); err != nil {
			return c, err
		}
	}
	c.spool, err = spool.Open(ctx, spool.Config{
		URL: config.JetStream, Credentials: config.Credentials, TLS: config.TLS, Replicas: config.Replicas, Log: config.Log,
	})
	if err != nil {
		return c, err
	}
	js := c.spool.JetStream()
	d := drain.Config{
		AckWait: drain.AckWait, Stores: config.Stores, Transform: config.Transform, Quarantine: c.spool.Quarantine,
		Reach: js.Conn().FlushWithContext, MaxBytes: config.MaxBytes, Grace: config.StopTimeout, Log: config.Log,
	}
	if config.Tail == "" {
		d.Source, err = drain.Consumer(ctx, js)
	} else {
		d.MaxBytes += int(rules.Memory)
		most := float64(d.MaxBytes)
		c.tail, err = partition.New(ctx, partition.Config{
			JS: js, Rules: rules, Replicas: config.Replicas, Log: config.Log,
			Pressure: func() float64 { return float64(c.drain.Stats().HeldBytes) / most },
		})
		d.Source, d.Decider = c.tail, c.tail
	}
	if err != nil {
		return c, err
	}
	c.drain, err = drain.New(d)
	return c, err
}

// CheckTail reads a file of rules of tail sampling and says what is wrong with it.
func CheckTail(path string) error {
	_, err := tailRules(path)
	return err
}

func tailRules(path string) (tail.Rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tail.Rules{}, fmt.Errorf("the rules of tail sampling: %w", err)
	}
	r, err := tail.ParseRules(path, text)
	if err == nil && !r.Errors && r.Slowest == 0 && r.RareBelow == 0 && r.Rate == 0 && r.Probability == 0 {
		err = fmt.Errorf("%s: nothing under keep, so every trace that services have drawn would be dropped; such as \"keep: {errors: true}\"", path)
	}
	return r, err
}

// Run collects until ctx ends. Then it writes what it has fetched, within
// Config.StopTimeout, and closes the collector. It may be called once.
func (c *Collector) Run(ctx context.Context) error {
	defer c.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A connection that was only lost is made again; one that was refused is closed.
	c.spool.JetStream().Conn().SetClosedHandler(func(conn *nats.Conn) {
		cancel(fmt.Errorf("NATS: the connection is closed: %w", cmp.Or(conn.LastError(), nats.ErrConnectionClosed)))
	})
	var running sync.WaitGroup
	defer running.Wait()
	if c.listener != nil {
		running.Go(func() {
			if err := c.serve(ctx); err != nil {
				cancel(err)
			}
		})
	}
	if c.tail != nil {
		running.Go(func() {
			if err := c.tail.Run(ctx); err != nil {
				cancel(fmt.Errorf("tail sampling: %w", err))
			}
		})
	}
	stop := context.AfterFunc(ctx, func() {
		c.stopping.Store(true)
		c.config.Log.Info("the collector stops")
	})
	defer stop()
	c.drain.Run(ctx)
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// Address is where the collector answers questions, "" if it does not.
func (c *Collector) Address() string {
	if c.listener == nil {
		return ""
	}
	return c.listener.Addr().String()
}

// Close ends the connection and the listener; Run does it too. Closing again does
// nothing.
func (c *Collector) Close() (err error) {
	c.closing.Do(func() {
		if c.listener != nil {
			_ = c.listener.Close() // the server may have done so
		}
		if c.spool != nil {
			c.spool.JetStream().Conn().SetClosedHandler(nil)
			err = c.spool.Close()
		}
	})
	return err
}
