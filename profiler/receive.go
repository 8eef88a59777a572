package profiler

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
)

// Arrival is what a layer knows about a request or message that has come in. The
// admission hook, Config.Sampler, decides by it.
type Arrival struct {
	// Layer names the layer: "http", "grpc", "nats". It must be the same for all
	// arrivals of one layer, and different from that of any other.
	Layer string
	// Kind is layer.Server or layer.Consumer.
	Kind layer.Kind
	// Method is the HTTP method, empty for other layers.
	Method string
	// Path is the path of the URL, the full name of the gRPC method, or the
	// subject or topic of the message.
	Path string
	// Route is what Path is an instance of, for instance "GET /cart/{id}". Empty if
	// the layer does not know.
	Route string
}

// Peer may be implemented by the [header.Carrier] that [Service.Receive] is given.
type Peer interface {
	// Peer returns the address of the sender. It is called if the headers are
	// refused, to log it.
	Peer() string
}

// Incoming is the decision whether a request or message is traced, and why.
// [Service.Receive] makes it. The zero Incoming is not traced. It is meant for one
// goroutine.
type Incoming struct {
	svc   *Service
	why   why
	layer string
	info  header.Info
	key   *header.Key
	tally *tally    // nil if the program has begun the trace
	at    time.Time // when it came, if it will be the first of a trace in this process
	with  string    // its traceparent, if it will be that

	told   string        // by the sampler, for the first record of the trace here
	signed header.Signed // the headers, if they are passed on
}

type why uint8

const (
	untraced    why = iota // no headers, or forged ones
	repeated               // its own layer traces it already
	passedOn               // its trace is not recorded here
	byHeaders              // they are signed
	byContext              // below a point in the context
	byAdmission            // the hook has let it in
)

// Receive decides whether a request or message is traced. Every layer calls it, so
// that all decide alike:
//
//   - A nil or disabled Service traces nothing, nor does one that is off, see
//     [Service.SetEnabled].
//   - Headers that do not verify: not traced. They are counted by reason in
//     [Stats], and logged if none have come in the minute before; the admission
//     hook is not asked.
//   - Signed headers over one of the limits of Config.Limits: not traced either.
//     They are counted as ErrTooManyTraces, ErrTooManyArrivals or ErrTraceFull and
//     logged likewise, and the report of the trace says how many were refused. They
//     are removed from c, see [header.Remove], so that they are not passed on.
//   - Signed headers of a trace that was drawn by sampling, see [header.Sample], if
//     Config.Sampler does not keep it and nothing of it was recorded here: not traced,
//     but passed on, see [Incoming.Pass]. They are counted as Thinned in [Stats].
//   - Other signed headers: traced, whatever trace ctx carries. If they are the headers
//     that the trace in ctx arrived with, or that an open point in ctx has sent,
//     the new point is below that of ctx; but if the same layer has already
//     received them further out, it adds no point.
//   - No headers, but a trace in ctx: a server adds a point if an outer layer has
//     received the same request, and ignores any other trace; a consumer always
//     adds a point. It is below the point in ctx.
//   - Neither: the admission hook decides, see Config.Sampler, unless the request is a
//     part of one that is passed on.
//
// ctx is the context that the request would be served in, and c has its headers;
// c may implement [Peer]. Receive uses c only during the call and does not
// allocate.
func (s *Service) Receive(ctx context.Context, a Arrival, c header.Carrier) (in Incoming) {
	if s.idle() {
		return in
	}
	in.svc, in.layer = s, a.Layer
	if text := c.Get(header.InfoName); text != "" {
		signed := header.Signed{Info: text, HMAC: c.Get(header.HMACName)}
		info, key, err := s.keys.Verify(signed)
		if err != nil {
			s.refuse(err, &a, c)
			return in
		}
		in.info, in.key, in.why = info, key, byHeaders
		if n := current(ctx); n != nil && n.trace.base == info.BaseID {
			in.why = n.knows(info, a.Layer)
		}
		if in.why == byHeaders {
			if p := passed(ctx); p != nil && p.base == info.BaseID { // the same request once more
				return Incoming{}
			}
			if in.thinned(ctx, &a) {
				s.thinned.Add(1)
				in.why, in.signed = passedOn, signed
				return in
			}
			in.at = time.Now()
			in.with = c.Get(header.TraceParentName)
			if in.tally, err = s.limits.admit(info, key, in.at); err != nil {
				in.limit(err, &a, c)
				return Incoming{}
			}
		}
		s.accepted.Add(1)
		return in
	}
	n := current(ctx)
	switch {
	case n == nil:
		if passed(ctx) == nil {
			in.begin(ctx, &a)
			if in.why == byAdmission {
				in.with = c.Get(header.TraceParentName)
			}
		}
	case n.arrivedBy(a.Layer) && a.Kind == layer.Server:
		in.why = repeated
	case n.arrived() || a.Kind == layer.Consumer:
		in.why = byContext
	}
	return in
}

// Traced reports whether [Incoming.Open] will open a point.
func (in *Incoming) Traced() bool { return in.why > passedOn }

// Repeated reports whether the request is not traced here because the same layer
// already traces it further out.
func (in *Incoming) Repeated() bool { return in.why == repeated }

// Signed returns the ids in the headers. It returns false if the request is not
// traced because of its headers.
func (in *Incoming) Signed() (header.Info, bool) { return in.info, in.why == byHeaders }

// Open opens the point of the request and returns the context to serve the request
// in. ctx is the one that [Service.Receive] was given, or is derived from it. The
// caller ends the point. Requests sent from the returned context are signed with
// the key that signed the headers, or with the first key if there were none. If
// the request is not traced, Open returns what [Incoming.Pass] does and the zero
// Point. Call it once.
func (in *Incoming) Open(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	switch in.why {
	case byHeaders:
		return in.join(ctx, &o, attrs)
	case byContext:
		return current(ctx).start(ctx, in.layer, &o, attrs)
	case byAdmission:
		if in.info.BaseID.IsZero() {
			in.info.BaseID = header.NewID()
		}
		begun := in.svc.begins(in.info.BaseID, in.layer)
		begun.tally, begun.told, begun.with = in.svc.limits.ownTally(), in.told, in.with
		return begun.join(ctx, &o, attrs)
	}
	return in.Pass(ctx), Point{}
}

// Idle reports whether a server cannot trace a request that has no headers: there
// is no admission hook, or it is not asked, and ctx carries no trace. A server whose request has no
// headers checks Idle before it prepares anything for [Service.Receive]. Idle looks
// into ctx only if a trace is open in the process, or if the program has ever begun
// one.
func (s *Service) Idle(ctx context.Context) bool {
	return s == nil || s.sampler == nil && carried.Load() == 0 || s.idleIn(ctx)
}

// idleIn is apart from Idle, which is inlined.
func (s *Service) idleIn(ctx context.Context) bool {
	return s.disabled || (s.sampler == nil || s.off.Load()) && (carried.Load() == 0 || current(ctx) == nil)
}

// Received reports whether the innermost point in ctx is a request that the layer
// has received, and Calling whether it is a call that goes out by the layer. They
// are for layers that may be installed beside another instrumentation of the same
// request or call, which then has its point already.
func Received(ctx context.Context, layer string) bool {
	n := current(ctx)
	return n != nil && layer != "" && n.received() == layer
}

// Calling is described with [Received].
func Calling(ctx context.Context, layer string) bool {
	n := current(ctx)
	return n != nil && n.edge == layer && n.state.Load()&(stateCalls|stateEnded) == stateCalls
}

// carried counts the traces that a context may carry: those of the process whose
// first point has not ended, and once more all that a program has begun by itself,
// whose context may live on.
var carried atomic.Int64

// refuse counts forged headers and logs the first of a spell.
func (s *Service) refuse(err error, a *Arrival, c header.Carrier) {
	reason, _ := err.(header.Refusal)
	s.refused[reason].Add(1)
	if s.forgeries.begins() {
		s.warn("sonde: trace headers that do not verify; such requests are served untraced", reason, a, c)
	}
}

// limit counts headers that are over a limit, logs the first of a spell, and makes
// the trace report them if it is known here.
func (in *Incoming) limit(err error, a *Arrival, c header.Carrier) {
	s := in.svc
	reason, _ := err.(header.Refusal)
	s.refused[reason].Add(1)
	if s.excesses.begins() {
		s.warn("sonde: more requests to trace than the limits allow; they are served untraced", reason, a, c,
			slog.String("trace", in.info.BaseID.String()))
	}
	header.Remove(c)
	if in.tally != nil && in.tally.refuse() {
		_, p := in.join(context.Background(), &Opening{Name: "sonde_refused"}, nil)
		p.Stop()
	}
}

func (s *Service) warn(message string, reason header.Refusal, a *Arrival, c header.Carrier, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("reason", reason.Error()), slog.String("layer", a.Layer))
	if p, ok := c.(Peer); ok {
		attrs = append(attrs, slog.String("peer", p.Peer()))
	}
	s.logger.LogAttrs(context.Background(), slog.LevelWarn, message, attrs...)
}

// knows says why a layer traces a request whose headers, in, belong to the trace of
// n. It is not because of the headers if the trace arrived with them, or if n or an
// open point above it has sent them: then the request is below n, and if the layer
// has received it already, it is the same request once more.
func (n *node) knows(in header.Info, layer string) why {
	parent := in.ParentID
	if parent.IsZero() {
		parent = in.BaseID
	}
	known := byContext
	for ; n != nil; n = n.above {
		if n.id() == parent && n.state.Load()&stateEnded == 0 {
			return known
		}
		if n.received() == layer {
			known = repeated
		}
		if n.above == nil && n.trace.parent == parent {
			return known
		}
	}
	return byHeaders
}

// received is the layer that received a request with n, or "".
func (n *node) received() string {
	if n.state.Load()&stateCalls != 0 {
		return ""
	}
	return n.edge
}

// arrivedBy reports whether the layer received a request with n or a point above
// it; arrived, whether any layer did.
func (n *node) arrivedBy(layer string) bool {
	for ; n != nil; n = n.above {
		if n.received() == layer {
			return true
		}
	}
	return false
}

func (n *node) arrived() bool {
	for ; n != nil; n = n.above {
		if n.received() != "" {
			return true
		}
	}
	return false
}
