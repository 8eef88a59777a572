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
// use.
type Service struct {
	keys     *header.Keyring
	admit    func(context.Context, Request) bool
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
}

// Verify checks a request's headers, counts the outcome and returns what they
// say with the key that signed them. The error is a [header.Refusal]. A layer
// calls it only if there is a header at all.
func (s *Service) Verify(info, mac string) (header.Info, *header.Key, error) {
	in, key, err := s.keys.Verify(info, mac)
	if err == nil {
		s.accepted.Add(1)
	} else if r, ok := err.(header.Refusal); ok {
		s.refused[r].Add(1)
	}
	return in, key, err
}

// Admits says whether there is an admission hook to ask.
func (s *Service) Admits() bool { return s.admit != nil }

// Admit asks the admission hook whether a request without headers is traced.
// A hook that panics says no.
func (s *Service) Admit(ctx context.Context, r Request) bool {
	return s.admit != nil && s.askAdmit(ctx, r)
}

func (s *Service) askAdmit(ctx context.Context, r Request) (yes bool) {
	defer func() {
		if recover() != nil {
			s.panics.Add(1)
			yes = false
		}
	}()
	if yes = s.admit(ctx, r); yes {
		s.admitted.Add(1)
	}
	return yes
}

// Join opens the first point of a request whose headers were verified. The
// context that it returns carries the profiler; key signs what the request
// sends on.
func (s *Service) Join(ctx context.Context, in header.Info, key *header.Key, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	r := &root{}
	r.trace.svc, r.trace.base, r.trace.key = s, in.BaseID, key
	r.trace.anchor = time.Now()
	r.trace.wall = r.trace.anchor.UnixNano()
	n := &r.node
	n.Context, n.trace, n.parent = ctx, &r.trace, in.ParentID
	if n.parent.IsZero() {
		n.parent = in.BaseID
	}
	s.joined.Add(1)
	n.open(&o, attrs)
	return n, Point{n}
}

// Begin opens the first point of a new trace. What the trace sends on is
// signed with the first key.
func (s *Service) Begin(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	return s.Join(ctx, header.Info{BaseID: header.NewID()}, s.keys.Primary(), o, attrs...)
}

// Flush has open traces hand over what they have gathered, which is done at
// once even if the store is down, and waits until all that was recorded before
// is stored or dropped. It gives up when ctx ends, or after ten seconds if ctx
// has no deadline, with an error that wraps ctx's and says how many records
// still wait; they are sent all the same once the store takes them. It does
// not shorten the pause between two tries of a batch.
func (s *Service) Flush(ctx context.Context) error { return s.queue.flush(ctx) }

// Close delivers what is recorded and ends the Service. It gives up when ctx
// ends, or after ten seconds if ctx has no deadline, and says what was not
// delivered. Later points are counted and dropped. Close is idempotent.
func (s *Service) Close(ctx context.Context) error {
	err := s.queue.close(ctx)
	s.closed.Do(func() {
		if s.closer != nil {
			err = errors.Join(err, s.closer.Close())
		}
	})
	return err
}
