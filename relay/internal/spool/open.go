package spool

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// StreamName is that of the spool's stream.
	StreamName = "SONDE"

	// DefaultMaxBytes is how large the spool becomes unless Config says otherwise.
	DefaultMaxBytes = 1 << 30

	// repeats is how long the stream knows the ids of its messages.
	repeats = 2 * time.Minute
)

// SyncAlways is the sync policy by which what is acknowledged is on the disk.
const SyncAlways time.Duration = 0

// Config says where the spool is: Dir or URL.
type Config struct {
	// Dir is the data folder of a server in this process; it is created. Only one
	// process may have it open.
	Dir string
	// Sync is when that server syncs: SyncAlways, or at least so often.
	Sync time.Duration

	// URL is that of a site's cluster, nats://host:4222 or several with commas.
	URL string
	// Credentials is the path of a file with a user's JWT and key, Token a secret; both
	// are for the cluster.
	Credentials, Token string
	// TLS, if it is not nil, is how the cluster is spoken to.
	TLS *tls.Config
	// Replicas is on how many servers of the cluster a stream that is created is kept:
	// 1 by default.
	Replicas int

	// MaxBytes is how large the spool may become, DefaultMaxBytes if it is 0. A cluster's
	// stream keeps the limit with which it was created.
	MaxBytes int64

	// Patience is how long a publication may take, ten seconds by default.
	Patience time.Duration

	// Log is told what the server or the connection says; nobody if it is nil.
	Log *slog.Logger
}

// Spool is an open spool. It is safe for concurrent use.
type Spool struct {
	conn     *nats.Conn
	js       jetstream.JetStream
	stream   jetstream.Stream
	atomic   bool // several messages may be published as one
	patience time.Duration
	own      *embedded // nil: a cluster's

	// What is to be synced before an answer; nil if nothing is.
	blocks, aside *blocks
}

// ErrInUse is wrapped by Open's error if another process has the data folder open.
var ErrInUse = errors.New("another process has it open")

// Open opens the spool and creates its streams where they are missing. It waits for a
// cluster's leader until ctx ends. The caller has to close it.
func Open(ctx context.Context, c Config) (s *Spool, err error) {
	if (c.Dir == "") == (c.URL == "") {
		return nil, errors.New("a spool needs either a data folder or the URL of a cluster")
	}
	if c.Replicas < 0 || c.Replicas > 5 {
		return nil, fmt.Errorf("%d replicas; NATS keeps 1 to 5", c.Replicas)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	s = &Spool{patience: c.Patience}
	defer func() {
		if err != nil {
			s.Close()
			s = nil
		}
	}()
	if c.Dir != "" {
		err = s.embed(&c)
	} else {
		err = s.connect(&c)
	}
	if err != nil {
		return s, err
	}
	if s.js, err = jetstream.New(s.conn, jetstream.WithPublishAsyncMaxPending(1<<20)); err != nil { // publishEach waits by itself
		return s, err
	}
	try := func() error { // a server without a leader does not answer
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return s.ensure(ctx, &c)
	}
	for err = try(); err != nil && passing(err); err = try() {
		select {
		case <-ctx.Done():
			return s, fmt.Errorf("the streams of the spool: %w%s", err, advice(err))
		case <-time.After(200 * time.Millisecond):
		}
	}
	if err != nil {
		return s, fmt.Errorf("the streams of the spool: %w%s", err, advice(err))
	}
	if s.blocks != nil { // what the streams are, and what there is of another policy
		if err := syncTree(c.Dir); err != nil {
			return s, fmt.Errorf("syncing the spool: %w", err)
		}
	}
	return s, nil
}

// noPeers is JetStream's code for fewer servers than replicas, such as when a cluster
// begins.
const noPeers = 10005

// notClustered is JetStream's code for replicas on a server that is alone.
const notClustered = 10074

// advice is what to do about an error, to be put behind it.
func advice(err error) string {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && api.ErrorCode == notClustered:
		return "; a server that is alone keeps one replica (--replicas 1)"
	case errors.Is(err, nats.ErrNoResponders):
		return "; do the servers have JetStream, and this user's account?"
	}
	return ""
}

// passing says whether an error is that of a cluster which is not complete yet.
func passing(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.Code == 503 || api.ErrorCode == noPeers
	}
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded)
}

// connect connects to the cluster of a site.
func (s *Spool) connect(c *Config) (err error) {
	options := []nats.Option{
		nats.Name("sonde"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), // what is not sent fails, and is not kept
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // else it was closed here
				c.Log.Warn("the connection to NATS is lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(conn *nats.Conn) { c.Log.Info("connected to NATS again", "url", conn.ConnectedUrlRedacted()) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.Log.Warn("NATS", "error", err) }),
	}
	if c.Credentials != "" {
		options = append(options, nats.UserCredentials(c.Credentials))
	}
	if c.Token != "" {
		options = append(options, nats.Token(c.Token))
	}
	if c.TLS != nil {
		options = append(options, nats.Secure(c.TLS))
	}
	s.conn, err = nats.Connect(c.URL, options...)
	if err != nil {
		return fmt.Errorf("NATS at %s: %w", Servers(c.URL), withoutURL(err))
	}
	return nil
}

// Servers is the URL of a cluster without its secrets.
func Servers(urls string) string {
	servers := strings.Split(urls, ",")
	for i, s := range servers {
		s = strings.TrimSpace(s)
		if !strings.Contains(s, "://") {
			s = "nats://" + s
		}
		u, err := url.Parse(s)
		if err != nil {
			return "a URL that cannot be read"
		}
		u.User = nil
		servers[i] = u.String()
	}
	return strings.Join(servers, ",")
}

// withoutURL is err without the URL that it is about, which may have a password.
func withoutURL(err error) error {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		return inURL.Err
	}
	return err
}

// ensure creates the streams. Those of a cluster belong to all its users: if they
// are there, they are left as they are.
func (s *Spool) ensure(ctx context.Context, c *Config) (err error) {
	main := jetstream.StreamConfig{
		Name: StreamName, Description: "Sonde: records on their way to a store",
		Subjects:  []string{subjectPrefix + strconv.Itoa(Version) + ".*"}, // and those of earlier versions
		Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: max(c.Replicas, 1),
		MaxBytes: c.MaxBytes, Discard: jetstream.DiscardNew, Duplicates: repeats,
	}
	main.AllowAtomicPublish = s.own == nil && s.atLeast(2, 12)
	aside := jetstream.StreamConfig{
		Name: QuarantineStream, Description: "Sonde: records that can never be stored, and why",
		Subjects: []string{quarantineSubject}, Storage: jetstream.FileStorage, Replicas: max(c.Replicas, 1),
		MaxBytes: max(c.MaxBytes/8, 4<<20), Discard: jetstream.DiscardOld, Duplicates: repeats,
	}
	for _, config := range []jetstream.StreamConfig{main, aside} {
		var stream jetstream.Stream
		if s.own != nil {
			stream, err = s.js.CreateOrUpdateStream(ctx, config)
		} else if stream, err = s.js.Stream(ctx, config.Name); errors.Is(err, jetstream.ErrStreamNotFound) {
			stream, err = s.js.CreateStream(ctx, config)
			if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another one was faster
				stream, err = s.js.Stream(ctx, config.Name)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", config.Name, err)
		}
		if config.Name == StreamName {
			s.stream = stream
			// A single server stages what is published as one on its disk, which takes
			// longer than it saves; a cluster stages it in memory.
			created := stream.CachedInfo().Config
			s.atomic = created.AllowAtomicPublish && created.Replicas > 1
		}
	}
	return nil
}

// atLeast says whether the server has a version or a later one.
func (s *Spool) atLeast(major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(s.conn.ConnectedServerVersion(), "%d.%d.", &a, &b); err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}

// JetStream is for those who consume the spool.
func (s *Spool) JetStream() jetstream.JetStream { return s.js }

// Reach returns nil once the server has heard all that was sent until now.
func (s *Spool) Reach(ctx context.Context) error { return s.conn.FlushWithContext(ctx) }

// Embedded says whether the spool's server is a part of this process.
func (s *Spool) Embedded() bool { return s.own != nil }

// down is closed while the spool's own server takes nothing; nil, a cluster's.
func (s *Spool) down() <-chan struct{} {
	if s.own == nil {
		return nil
	}
	return s.own.isDown()
}

// State is how full the spool is.
type State struct {
	Messages, Bytes uint64
	MaxBytes        int64 // -1: no limit
	// Oldest is when the first message came that no consumer has acknowledged, zero if
	// there is none.
	Oldest time.Time
}

// State asks the server.
func (s *Spool) State(ctx context.Context) (State, error) {
	select {
	case <-s.down():
		return State{}, ErrDisk
	default:
	}
	info, err := s.stream.Info(ctx)
	if err != nil {
		return State{}, explain(err)
	}
	st := State{Messages: info.State.Msgs, Bytes: info.State.Bytes, MaxBytes: info.Config.MaxBytes}
	if st.Messages > 0 {
		st.Oldest = info.State.FirstTime
	}
	return st, nil
}

// Close ends the connection and, if it is in this process, the server. What was
// acknowledged stays.
func (s *Spool) Close() error {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.own != nil {
		return s.own.close()
	}
	return nil
}
