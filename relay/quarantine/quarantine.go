// Package quarantine looks after the records that can never be stored: agents and
// collectors put them aside, with the reason, so that they hold up nothing. Here they
// are listed, shown, sent to the stores again and dropped.
//
// The quarantine belongs to a spool: that of a site's NATS cluster, or that in the data
// folder of an agent, which has to be stopped meanwhile. It keeps its newest records, up
// to an eighth of the spool's size.
package quarantine

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// Config says which spool is meant: JetStream or DataDir.
type Config struct {
	JetStream   string // URL of the site's NATS cluster
	Credentials string // file with the user's JWT and key
	TLS         *tls.Config

	DataDir string // of an agent that is not running
}

// Quarantine is an open one. It is safe for concurrent use.
type Quarantine struct {
	spool  *spool.Spool
	stream jetstream.Stream
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
	s, err := spool.Open(ctx, spool.Config{Dir: c.DataDir, URL: c.JetStream, Credentials: c.Credentials, TLS: c.TLS})
	if errors.Is(err, spool.ErrInUse) {
		return nil, fmt.Errorf("%w: stop the agent first", err)
	}
	if err != nil {
		return nil, err
	}
	stream, err := s.JetStream().Stream(ctx, spool.QuarantineStream)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("the quarantine: %w", err)
	}
	return &Quarantine{s, stream}, nil
}

// Close ends the connection.
func (q *Quarantine) Close() error { return q.spool.Close() }

// All yields the entries, the oldest first. An error is the last thing yielded. Entries
// that come meanwhile are left out.
func (q *Quarantine) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		info, err := q.stream.Info(ctx)
		if err != nil {
			yield(Entry{}, fmt.Errorf("the quarantine: %w", err))
			return
		}
		for n := info.State.FirstSeq; n > 0 && n <= info.State.LastSeq; {
			m, err := q.stream.GetMsg(ctx, n, jetstream.WithGetMsgSubject(">"))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return
			}
			if err != nil {
				yield(Entry{}, fmt.Errorf("the quarantine: %w", err))
				return
			}
			if m.Sequence > info.State.LastSeq || !yield(entry(m), nil) {
				return
			}
			n = m.Sequence + 1
		}
	}
}

// Get returns one entry.
func (q *Quarantine) Get(ctx context.Context, number uint64) (Entry, error) {
	m, err := q.stream.GetMsg(ctx, number)
	if err != nil {
		return Entry{}, failed(number, err)
	}
	return entry(m), nil
}

// Retry puts the record of an entry into the spool again, which takes it to the stores:
// to those that do not have it. Then the entry is gone. If it is still refused it will be
// another one.
func (q *Quarantine) Retry(ctx context.Context, number uint64) error {
	e, err := q.Get(ctx, number)
	if err != nil {
		return err
	}
	if e.Text == "" {
		return fmt.Errorf("record %d: its text was not kept, so it cannot be sent again", number)
	}
	b := spool.Batch{
		// The same when Retry has published and could not delete.
		ID:    "retry-" + strconv.FormatUint(number, 10) + "-" + strconv.FormatInt(e.At.UnixNano(), 10),
		Trace: e.Trace, Records: 1 + bytes.Count(bytes.TrimRight([]byte(e.Text), "\n"), []byte("\n")),
		Text: append([]byte(e.Text), '\n'), Again: true,
	}
	if err := q.spool.Publish(ctx, []spool.Batch{b})[0].Err; err != nil {
		return fmt.Errorf("record %d: %w", number, err)
	}
	return q.Drop(ctx, number)
}

// Drop deletes an entry.
func (q *Quarantine) Drop(ctx context.Context, number uint64) error {
	if err := q.stream.DeleteMsg(ctx, number); err != nil {
		return failed(number, err)
	}
	return nil
}

func failed(number uint64, err error) error {
	var api *jetstream.APIError
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) ||
		errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeMessageNotFound {
		return fmt.Errorf("record %d: %w", number, ErrNoEntry)
	}
	return fmt.Errorf("record %d: %w", number, err)
}

func entry(m *jetstream.RawStreamMsg) Entry {
	b := spool.DecodeBad(m.Header, m.Data)
	return Entry{Number: m.Sequence, At: m.Time, Trace: b.Trace, Reason: b.Reason, Source: b.Source, Text: string(b.Text)}
}
