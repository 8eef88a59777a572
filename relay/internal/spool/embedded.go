package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// embedded is a server in this process that listens nowhere. After an error of the disk
// such a server takes nothing more until it is started again, which watch does; clients
// then connect to the new one.
type embedded struct {
	c      *Config
	lock   *flock.Flock
	failed chan struct{} // has room for one call of fail
	quit   chan struct{}
	ended  chan struct{}
	once   sync.Once // for quit

	mu     sync.Mutex
	server *server.Server // guarded by mu; never nil
	down   chan struct{}  // guarded by mu; closed while the server takes nothing
}

// ErrDisk is wrapped by errors of a spool whose disk has failed or is full. The spool
// works again by itself once the disk does.
var ErrDisk = errors.New("the disk of the spool fails or is full")

const (
	// probe is how much of the disk has to be free before a server that failed is
	// started again.
	probe = 256 << 10

	probePause = 250 * time.Millisecond
)

// embed starts a server in this process.
func (s *Spool) embed(c *Config) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(c.Dir, "lock"))
	if taken, err := lock.TryLock(); err != nil {
		return fmt.Errorf("the data folder %s: %w", c.Dir, err)
	} else if !taken {
		return fmt.Errorf("the data folder %s: %w; give each agent a data folder of its own", c.Dir, ErrInUse)
	}
	e := &embedded{c: c, lock: lock, failed: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}), down: make(chan struct{})}
	s.own = e
	if c.Sync == SyncAlways {
		s.blocks, s.aside = blocksOf(c.Dir, StreamName), blocksOf(c.Dir, QuarantineStream)
	}
	err := e.start()
	go e.watch()
	if err != nil {
		return err
	}
	s.conn, err = nats.Connect("", nats.InProcessServer(e), nats.Name("sonde"), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.Log.Warn("the spool's server", "error", err) }))
	if err != nil {
		return fmt.Errorf("the spool's server: %w", err)
	}
	return nil
}

// start starts a server, which is the one from now on even if it fails.
func (e *embedded) start() error {
	srv, err := server.NewServer(&server.Options{
		ServerName: "sonde", DontListen: true, NoSigs: true, NoSystemAccount: false,
		JetStream: true, StoreDir: e.c.Dir, DisableJetStreamBanner: true,
		SyncInterval: e.c.Sync,
		// The streams have the limits. This one must not be below them, nor below those
		// with which the folder was opened before.
		JetStreamMaxStore: math.MaxInt64, JetStreamMaxMemory: 1 << 20,
	})
	if err != nil {
		return fmt.Errorf("the spool's server: %w", err)
	}
	e.mu.Lock()
	e.server = srv
	e.mu.Unlock()
	srv.SetLoggerV2(&serverLog{to: e.c.Log, own: e}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(time.Minute) || !srv.JetStreamEnabled() {
		return fmt.Errorf("the spool in %s cannot be opened: the log says why", e.c.Dir)
	}
	return nil
}

// InProcessConn implements [nats.InProcessConnProvider].
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.down:
		return nil, ErrDisk
	default:
		return e.server.InProcessConn()
	}
}

// isDown is closed from a failure of the disk on; once the server takes messages again
// there is a new one.
func (e *embedded) isDown() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.down
}

// fail is called when the server cannot be expected to take anything more.
func (e *embedded) fail() {
	select {
	case e.failed <- struct{}{}:
	default:
	}
}

// watch starts a server that failed again, once there is room on the disk.
func (e *embedded) watch() {
	defer close(e.ended)
	for {
		select {
		case <-e.quit:
			return
		case <-e.failed:
		}
		e.mu.Lock()
		close(e.down)
		e.mu.Unlock()
		e.c.Log.Error("the disk of the spool fails or is full; records are refused until it works again", "folder", e.c.Dir)
		if !e.again() {
			return
		}
		e.mu.Lock()
		e.down = make(chan struct{})
		e.mu.Unlock()
		e.c.Log.Info("the disk of the spool works again", "folder", e.c.Dir)
	}
}

// again starts a new server, unless quit comes first.
func (e *embedded) again() bool {
	for {
		if err := e.probe(); err == nil {
			e.shutdown()
			e.forget()
			if e.start() == nil {
				return true
			}
		}
		select {
		case <-e.quit:
			return false
		case <-time.After(probePause):
		}
	}
}

// forget forgets a failure of the last server.
func (e *embedded) forget() {
	select {
	case <-e.failed:
	default:
	}
}

// probe writes to the disk.
func (e *embedded) probe() (err error) {
	f, err := os.CreateTemp(e.c.Dir, "probe-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := f.Write(make([]byte, probe)); err != nil {
		return err
	}
	return f.Sync()
}

func (e *embedded) shutdown() {
	e.mu.Lock()
	srv := e.server
	e.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

func (e *embedded) close() error {
	e.once.Do(func() { close(e.quit) })
	<-e.ended
	e.shutdown()
	return e.lock.Unlock()
}

// serverLog takes what the server says to a log; its notices are of no interest to
// those who run an agent.
type serverLog struct {
	to  *slog.Logger
	own *embedded
}

func (l *serverLog) Noticef(format string, v ...any) {
	l.to.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Warnf(format string, v ...any)  { l.to.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l *serverLog) Fatalf(format string, v ...any) { l.to.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}

// Errorf is also how the server says first that its disk has failed. What it does not
// say is found when it does not answer.
func (l *serverLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.to.Error("nats: " + text)
	if strings.Contains(text, "critical write error") || strings.Contains(text, "Critical write error") || strings.Contains(text, "will be DISABLED") {
		l.own.fail()
	}
}
