package profiler

import (
	"context"
	"strconv"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Sampler is the admission hook: it decides about requests that nobody has asked to
// trace. Package sampling has one, and [Admit] makes one of a function. It is asked
// on the way of a request, so it should be fast, and it must be safe for concurrent
// use. If it panics, its answer is the zero Verdict.
type Sampler interface {
	// Begin is asked about a request without headers, in a context without a trace:
	// whether a trace begins with it, and under which id.
	Begin(ctx context.Context, a Arrival) Verdict
	// Join is asked about a request with signed headers whose trace was drawn by
	// sampling, and of which nothing was recorded here before: whether it is recorded
	// here too. To keep what others keep, it decides by s alone. A trace that somebody
	// has asked for is recorded without asking.
	Join(ctx context.Context, a Arrival, s header.Sample) Verdict
}

// Attacher may be implemented by a [Sampler] that watches what its Service does. New
// calls Attach, and [Service.Close] the function that it returned.
type Attacher interface {
	Attach(s *Service) (detach func())
}

// Verdict is what a [Sampler] says of a request. The zero Verdict is: not traced.
type Verdict struct {
	// Trace says that the request is traced.
	Trace bool
	// ID is the base id of a trace that begins, see [header.NewSampledID]. Zero: a
	// random one, so that all services record the whole trace.
	ID header.ID
	// Told is what the trace's first record here says of the decision.
	Told Told
}

// Told is what a record says of the decision to record its trace, in
// info.sonde.sampled. The zero Told says nothing.
type Told struct {
	// By is what decided: "probability", "route", "downstream".
	By string
	// Rate is the share of such requests that were recorded, above 0 and at most 1.
	Rate float64
	// Route is which requests those are, for instance "GET /cart". Optional.
	Route string
	// Budget is the part of the usual rate to which a budget has lowered it. Zero or
	// 1: it has not.
	Budget float64
}

// Admit is the [Sampler] that begins a trace where the function returns true, and
// joins every trace.
type Admit func(context.Context, Arrival) bool

// Begin implements [Sampler].
func (f Admit) Begin(ctx context.Context, a Arrival) Verdict { return Verdict{Trace: f(ctx, a)} }

// Join implements [Sampler].
func (Admit) Join(context.Context, Arrival, header.Sample) Verdict { return Verdict{Trace: true} }

// member is the member of info.sonde that says t, with a comma behind.
func (t *Told) member() string {
	if t.By == "" {
		return ""
	}
	b := jsontext.AppendString([]byte(`"sampled":{"by":`), cut(t.By))
	b = strconv.AppendFloat(append(b, `,"rate":`...), min(max(t.Rate, 0), 1), 'g', 6, 64)
	if t.Route != "" {
		b = jsontext.AppendString(append(b, `,"route":`...), cut(t.Route))
	}
	if t.Budget > 0 && t.Budget < 1 {
		b = strconv.AppendFloat(append(b, `,"budget":`...), t.Budget, 'g', 6, 64)
	}
	return string(append(b, '}', ','))
}

// begin asks the sampler about a request without headers.
func (in *Incoming) begin(ctx context.Context, a *Arrival) {
	s := in.svc
	if s.sampler == nil {
		return
	}
	if v := s.ask(func() Verdict { return s.sampler.Begin(ctx, *a) }); v.Trace {
		s.admitted.Add(1)
		in.why, in.info.BaseID, in.told = byAdmission, v.ID, v.Told.member()
	}
}

// thinned asks the sampler whether a request with signed headers is not recorded
// here. What has been recorded of a trace here decides for the rest of it.
func (in *Incoming) thinned(ctx context.Context, a *Arrival) bool {
	s := in.svc
	if s.sampler == nil {
		return false
	}
	sample, drawn := in.info.BaseID.Sampled()
	if !drawn {
		return false
	}
	v := s.ask(func() Verdict { return s.sampler.Join(ctx, *a, sample) })
	if v.Trace {
		in.told = v.Told.member()
		return false
	}
	return !s.limits.knows(in.info)
}

// ask asks the sampler. One that panics says no.
func (s *Service) ask(sampler func() Verdict) (v Verdict) {
	defer func() {
		if recover() != nil {
			s.panics.Add(1)
			v = Verdict{}
		}
	}()
	return sampler()
}
