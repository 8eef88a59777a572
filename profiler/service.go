package profiler

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
)

// Service is one instrumented program. All its methods are safe for concurrent
// use, and a nil Service is one that is disabled.
type Service struct {
	disabled bool // nothing is traced; there is no queue
	keys     *header.Keyring
	admit    func(context.Context, Arrival) bool
	logger   *slog.Logger
	hostTail []byte // the end of every info
	queue    *queue
	closer   io.Closer
	closed   sync.Once

	accepted atomic.Uint64
	refused  [header.Refusals]atomic.Uint64
	admitted atomic.Uint64
	joined   atomic.Uint64
	late     atomic.Uint64 // calls on points that had ended
	cutInfos atomic.Uint64
	panics   atomic.Uint64

	lastRefusal atomic.Int64 // Unix time in seconds
}

// Begin opens the first point of a new trace, for work that no request has asked
// for: a job, a command, a message of one's own. What the trace sends on is
// signed with the first key. A nil or disabled Service returns ctx and a zero
// Point. Do not hand the context to a server or a bus as the one that all its
// requests share.
func (s *Service) Begin(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	return s.BeginAs(ctx, header.NewID(), o, attrs...)
}

// BeginAs is Begin with the id of the trace, for instance the id that a request
// has anyway; see [header.FromUUID]. The zero ID stands for a new one. Nobody
// checks that no other trace has that id.
func (s *Service) BeginAs(ctx context.Context, id header.ID, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	if s == nil || s.disabled {
		return ctx, Point{}
	}
	if id.IsZero() {
		id = header.NewID()
	}
	begunTraces.Add(1)
	return s.join(ctx, header.Info{BaseID: id}, s.keys.Primary(), "", &o, attrs)
}

// join opens the first point of a trace in this process; arrival is the layer
// that has received the request.
func (s *Service) join(ctx context.Context, in header.Info, key *header.Key, arrival string, o *Opening, attrs []slog.Attr) (context.Context, Point) {
	r := &root{}
	r.trace.svc, r.trace.base, r.trace.key = s, in.BaseID, key
	r.trace.anchor = time.Now()
	r.trace.wall = r.trace.anchor.UnixNano()
	n := &r.node
	n.Context, n.trace, n.parent, n.arrival = ctx, &r.trace, in.ParentID, arrival
	n.state.Store(stateFirst)
	if n.parent.IsZero() {
		n.parent = in.BaseID
	}
	s.joined.Add(1)
	openTraces.Add(1)
	n.open(o, attrs)
	return n, Point{n}
}

// Flush has open traces hand over what they have gathered, which is done at
// once even if the store is down, and waits until all that was recorded before
// is stored or dropped. It gives up when ctx ends, or after ten seconds if ctx
// has no deadline, with an error that wraps ctx's and says how many records
// still wait; they are sent all the same once the store takes them. It does
// not shorten the pause between two tries of a batch.
func (s *Service) Flush(ctx context.Context) error {
	if s == nil || s.disabled {
		return nil
	}
	return s.queue.flush(ctx)
}

// Close delivers what is recorded and ends the Service. It gives up when ctx
// ends, or after ten seconds if ctx has no deadline, and says what was not
// delivered. Later points are counted and dropped. Close is idempotent.
func (s *Service) Close(ctx context.Context) error {
	if s == nil || s.disabled {
		return nil
	}
	err := s.queue.close(ctx)
	s.closed.Do(func() {
		if s.closer != nil {
			err = errors.Join(err, s.closer.Close())
		}
	})
	return err
}
