// Package quarantine looks after the records that can never be stored: agents and
// collectors put them aside, with the reason, so that they hold up nothing. Here they
// are listed, shown, sent to the stores again and dropped.
//
// The quarantine belongs to a spool: that of a site's NATS cluster, or that of an agent,
// which is asked while it runs and whose data folder is opened while it does not. It keeps
// its newest records, up to an eighth of the spool's size.
package quarantine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// Config says which spool is meant: JetStream, Socket or DataDir.
type Config struct {
	JetStream   string // URL of the site's NATS cluster
	Credentials string // file with the user's JWT and key
	TLS         *tls.Config

	// Socket is where an agent with a spool of its own listens. It answers the user that
	// it runs as, and root.
	Socket string

	DataDir string // of an agent that is not running
}

// Quarantine is an open one. It is safe for concurrent use.
type Quarantine struct{ at place }

// place is where a quarantine is; its methods are those of Quarantine.
type place interface {
	All(ctx context.Context) iter.Seq2[Entry, error]
	Get(ctx context.Context, number uint64) (Entry, error)
	Retry(ctx context.Context, number uint64) error
	Drop(ctx context.Context, number uint64) error
	Close() error
}

// Entry is a record that was put aside, or what should have been one.
type Entry struct {
	Number uint64    `json:"number"` // its name here, which no other one ever has
	At     time.Time `json:"at"`     // when it was put aside
	Trace  string    `json:"trace"`  // base id of the message that it came with; may be empty
	Reason string    `json:"reason"`
	Source string    `json:"source"` // who refused it: "collector", or the URL of a store
	Text   string    `json:"text"`   // as it was sent, or redacted; empty if that was impossible
}

// ErrNoEntry is wrapped by the errors of methods whose entry is not there.
var ErrNoEntry = errors.New("there is no such record in the quarantine")

// Open opens the quarantine. The caller has to close it.
func Open(ctx context.Context, c Config) (*Quarantine, error) {
	if c.Socket != "" {
		if c.JetStream != "" || c.DataDir != "" {
			return nil, errors.New("a quarantine is an agent's, a cluster's or that of a data folder")
		}
		return &Quarantine{newRemote(c.Socket)}, nil
	}
	s, err := spool.Open(ctx, spool.Config{Dir: c.DataDir, URL: c.JetStream, Credentials: c.Credentials, TLS: c.TLS})
	if errors.Is(err, spool.ErrInUse) {
		return nil, fmt.Errorf("%w: ask the agent that runs there at its socket, or stop it first", err)
	}
	if err != nil {
		return nil, err
	}
	q, err := inSpool(ctx, s)
	if err != nil {
		s.Close()
		return nil, err
	}
	return &Quarantine{q}, nil
}

// Close ends the connection.
func (q *Quarantine) Close() error { return q.at.Close() }

// All yields the entries, the oldest first. An error is the last thing yielded. Entries
// that come meanwhile are left out.
func (q *Quarantine) All(ctx context.Context) iter.Seq2[Entry, error] { return q.at.All(ctx) }

// Get returns one entry.
func (q *Quarantine) Get(ctx context.Context, number uint64) (Entry, error) {
	return q.at.Get(ctx, number)
}

// Retry puts the record of an entry into the spool again, which takes it to the stores:
// to those that do not have it. Then the entry is gone. If it is still refused it will be
// another one.
func (q *Quarantine) Retry(ctx context.Context, number uint64) error { return q.at.Retry(ctx, number) }

// Drop deletes an entry.
func (q *Quarantine) Drop(ctx context.Context, number uint64) error { return q.at.Drop(ctx, number) }
