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
	"github.com/sonde-go/sonde/layer"
)

// Service is one instrumented program. [New] makes one. All methods are safe for
// concurrent use. A nil *Service is valid and behaves like a disabled one.
type Service struct {
	disabled bool        // nothing is traced; there is no queue
	off      atomic.Bool // nothing new is traced, see SetEnabled
	keys     *header.Keyring
	sampler  Sampler
	detach   func() // from the sampler; nil: none
	logger   *slog.Logger
	queue    *queue
	limits   *limiter
	mask     layer.Mask
	written  attrKeys
	sites    bool // Config.CallSites
	detail   atomic.Pointer[detail]

	traceParent bool // Config.TraceParent
	activeSpan  func(context.Context) header.TraceParent

	closer io.Closer
	closed sync.Once

	accepted atomic.Uint64
	thinned  atomic.Uint64 // requests of traces that pass through
	refused  [header.Refusals]atomic.Uint64
	admitted atomic.Uint64
	joined   atomic.Uint64
	late     atomic.Uint64 // calls on points that had ended
	cutInfos atomic.Uint64
	panics   atomic.Uint64
	leftOut  atomic.Uint64 // points of traces that are full

	condensed atomic.Uint64 // points that others stand for

	forgeries, excesses spell
}

// SetEnabled turns tracing off, and on again, while the program runs. While it is
// off, requests and [Service.Begin] are treated as a disabled Service treats them,
// and cost as little; traces that are open go on until they end. A Service that was
// made disabled has no sink and stays so, and a nil one too.
func (s *Service) SetEnabled(on bool) {
	if s != nil {
		s.off.Store(!on)
	}
}

// idle is whether nothing new is traced.
func (s *Service) idle() bool { return s == nil || s.disabled || s.off.Load() }

// Begin begins a new trace and opens its first point, for work that no request has
// asked for: a job, a command, a message that the program sends on its own. The
// caller ends the point. Requests sent from the returned context are signed with
// the first key. A nil or disabled Service, or one that is off, returns ctx and the
// zero Point.
//
// Do not start a server or a message bus with the returned context; see [Detach].
func (s *Service) Begin(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	return s.BeginAs(ctx, header.NewID(), o, attrs...)
}

// BeginAs is [Service.Begin] for a trace with the given id, such as the id that a
// request already has; see [header.FromUUID]. The zero ID means a new one. It is up
// to the caller that no other trace has the same id.
func (s *Service) BeginAs(ctx context.Context, id header.ID, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	if s.idle() {
		return ctx, Point{}
	}
	if id.IsZero() {
		id = header.NewID()
	}
	carried.Add(1)
	in := s.begins(id, "")
	return in.join(ctx, &o, attrs)
}

// begins is the Incoming of a trace that begins here. layer is the one that has
// received the request that it begins with, or "".
func (s *Service) begins(id header.ID, layer string) Incoming {
	return Incoming{svc: s, layer: layer, info: header.Info{BaseID: id}, key: s.keys.Primary(), at: time.Now()}
}

// join opens the first point of a trace in this process.
func (in *Incoming) join(ctx context.Context, o *Opening, attrs []slog.Attr) (context.Context, Point) {
	s, r := in.svc, &root{}
	t := &r.trace
	t.svc, t.base, t.key, t.tally = s, in.info.BaseID, in.key, in.tally
	t.anchor, t.wall = in.at, in.at.UnixNano()
	if d := s.detail.Load(); d != nil {
		r.lessen(d, o)
	}
	n := &r.node
	n.Context, n.trace, n.edge = foreign(ctx), t, in.layer
	n.state.Store(stateFirst)
	o.about = in.told + in.link(ctx)
	t.frame.Set(t.base)
	if t.parent = in.info.ParentID; t.parent.IsZero() {
		t.parent = t.base
	}
	s.joined.Add(1)
	carried.Add(1)
	n.open(o, attrs)
	return n, Point{n}
}

// Mask returns Config.Mask, for layers that record what a program's users send. The
// Mask of a nil or disabled Service is the default one.
func (s *Service) Mask() *layer.Mask {
	if s == nil {
		return &layer.Mask{}
	}
	return &s.mask
}

// MaskOf returns the Mask of the Service whose trace ctx carries, or the default
// one if it carries none.
func MaskOf(ctx context.Context) *layer.Mask {
	if n := current(ctx); n != nil {
		return &n.trace.svc.mask
	}
	return &layer.Mask{}
}

// Flush waits until everything recorded before the call has been stored by each
// sink, or dropped. It gives up when ctx ends, or after ten seconds if ctx has no
// deadline; the error then wraps that of ctx and says how many records are still
// waiting. They are sent nevertheless, once the store accepts them. Flush does not
// shorten the pause before a batch that failed is sent again.
//
// Records of points that are still open are included, so a point opened with
// Opening.Held cannot be discarded without a record after that.
func (s *Service) Flush(ctx context.Context) error {
	if s == nil || s.disabled {
		return nil
	}
	return s.queue.flush(ctx)
}

// Close delivers what has been recorded to each sink, ends the Service and closes
// Config.Closer. It gives up when ctx ends, or after ten seconds if ctx has no
// deadline; the error then says how many records were not delivered, and the log
// says it for each sink. What is recorded later is dropped and counted. Closing
// again returns the same error about records, and does not close Config.Closer
// again.
//
// A process that ends without Close, be it killed or by [os.Exit], loses the
// records that are in its memory, about Stats.Waiting.
func (s *Service) Close(ctx context.Context) error {
	if s == nil || s.disabled {
		return nil
	}
	err := s.queue.close(ctx)
	s.closed.Do(func() {
		if s.detach != nil {
			s.detach()
		}
		s.forgeries.stop()
		s.excesses.stop()
		if s.closer != nil {
			err = errors.Join(err, s.closer.Close())
		}
	})
	s.forgetSignals()
	return err
}
