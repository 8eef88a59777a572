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

// Service is one instrumented program. [New] makes one. All methods are safe for
// concurrent use. A nil *Service is valid and behaves like a disabled one.
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

// Begin begins a new trace and opens its first point, for work that no request has
// asked for: a job, a command, a message that the program sends on its own. The
// caller ends the point. Requests sent from the returned context are signed with
// the first key. A nil or disabled Service returns ctx and the zero Point.
//
// Do not start a server or a message bus with the returned context; see [Detach].
func (s *Service) Begin(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	return s.BeginAs(ctx, header.NewID(), o, attrs...)
}

// BeginAs is [Service.Begin] for a trace with the given id, such as the id that a
// request already has; see [header.FromUUID]. The zero ID means a new one. It is up
// to the caller that no other trace has the same id.
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

// Flush waits until everything recorded before the call is stored or dropped. It
// gives up when ctx ends, or after ten seconds if ctx has no deadline; the error
// then wraps that of ctx and says how many records are still waiting. They are
// sent nevertheless, once the store accepts them. Flush does not shorten the pause
// before a batch that failed is sent again.
//
// Records of points that are still open are included, so a point opened with
// Opening.Held cannot be discarded without a record after that.
func (s *Service) Flush(ctx context.Context) error {
	if s == nil || s.disabled {
		return nil
	}
	return s.queue.flush(ctx)
}

// Close delivers what has been recorded, ends the Service and closes
// Config.Closer. It gives up when ctx ends, or after ten seconds if ctx has no
// deadline; the error then says how many records were not delivered. What is
// recorded later is dropped and counted. Closing again returns the same error
// about records, and does not close Config.Closer again.
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
