package agent

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// DefaultSocket is where clients look for an agent (agent://).
const DefaultSocket = "/run/sonde/agent.sock"

// Config is what an agent is told.
type Config struct {
	// Listen has the addresses: unix:///run/sonde/agent.sock, tcp://127.0.0.1:8127.
	// An address that other machines reach needs TLS and either Token or
	// TLS.ClientCAs.
	Listen []string
	// Listeners are sockets that are open already, such as systemd's. The same rules
	// apply to them.
	Listeners []net.Listener
	// SocketMode is the mode of unix sockets, 0o660 by default, and SocketGroup the name
	// of their group, that of the process by default.
	SocketMode  fs.FileMode
	SocketGroup string
	// TLS is for the TCP addresses. With ClientCAs they ask for a certificate.
	TLS *tls.Config
	// Token, if there is one, is what senders over TCP have to show: "Authorization:
	// Bearer TOKEN".
	Token string

	// DataDir is the folder of the spool on the own disk. Sync is when it syncs: at 0
	// before each acknowledgement, else at least so often.
	DataDir string
	Sync    time.Duration
	// JetStream is the URL of the site's NATS cluster, instead of a spool of its own;
	// JetStreamCredentials is a file with its user, JetStreamTLS how it is spoken to,
	// and Replicas on how many of its servers the spool is kept if it must be created.
	// If there is also a DataDir, it is not used.
	JetStream            string
	JetStreamCredentials string
	JetStreamTLS         *tls.Config
	Replicas             int
	// MaxBytes is how large the spool may become, 1 GiB by default.
	MaxBytes int64

	// Stores are where the spool is taken to. Without any, someone else does that: a
	// collector at the site's cluster.
	Stores []*drivers.Store

	// MaxMemory bounds the bytes of posts that are under way, 32 MiB by default. More
	// are refused.
	MaxMemory int64
	// BodyTimeout is how long a post's body may take, ten seconds by default.
	BodyTimeout time.Duration
	// StopTimeout is how long the end may take: answering what is under way, then
	// taking what is in a spool of its own to the stores. Ten seconds by default. What is
	// left stays in the spool.
	StopTimeout time.Duration

	// Log is slog's default if it is nil.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.SocketMode = cmp.Or(c.SocketMode, 0o660)
	c.MaxBytes = cmp.Or(c.MaxBytes, spool.DefaultMaxBytes)
	c.MaxMemory = cmp.Or(c.MaxMemory, 32<<20)
	c.BodyTimeout = cmp.Or(c.BodyTimeout, 10*time.Second)
	c.StopTimeout = cmp.Or(c.StopTimeout, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func (c *Config) check() error {
	var errs []error
	if len(c.Listen)+len(c.Listeners) == 0 {
		errs = append(errs, errors.New("the agent listens nowhere: say where, such as unix:///run/sonde/agent.sock"))
	}
	if c.DataDir == "" && c.JetStream == "" {
		errs = append(errs, errors.New("the agent has nowhere to keep records: it needs a data folder, or the URL of the site's NATS cluster"))
	}
	if c.JetStream == "" && len(c.Stores) == 0 {
		errs = append(errs, errors.New("the agent has nowhere to take records to: it needs a store, or the URL of a NATS cluster whose collectors have one"))
	}
	if c.MaxBytes < 1<<20 {
		errs = append(errs, errors.New("the spool needs at least 1 MiB"))
	}
	if c.Sync < 0 || c.Sync > 0 && c.Sync < 10*time.Millisecond {
		errs = append(errs, errors.New("the spool syncs before each acknowledgement, or every 10ms or more"))
	}
	if c.MaxMemory < maxBody {
		errs = append(errs, errors.New("posts under way need at least 8 MiB of memory, the size of the largest one"))
	}
	return errors.Join(errs...)
}

func (c *Config) spool() spool.Config {
	s := spool.Config{Dir: c.DataDir, Sync: c.Sync, MaxBytes: c.MaxBytes, Log: c.Log}
	if c.JetStream != "" {
		s.Dir = ""
		s.URL, s.Credentials, s.TLS, s.Replicas = c.JetStream, c.JetStreamCredentials, c.JetStreamTLS, c.Replicas
	}
	return s
}
