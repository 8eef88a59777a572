package sampling

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Sampler decides which requests are traced that nobody has asked to trace. It is a
// [profiler.Sampler], for Config.Sampler of a Service. [New] makes one. It is safe for
// concurrent use.
type Sampler struct {
	state  atomic.Pointer[state]
	level  atomic.Uint32 // rates are halved so often, because of the budget
	routes routes
	now    func() time.Time

	seen, kept, joined, thinned, changes atomic.Uint64

	mu       sync.Mutex
	services []*profiler.Service // guarded by mu
	stop     func()              // ends the watch over the budget; guarded by mu
}

// state is what Set replaces.
type state struct {
	config Config // that was given, with defaults
	rules  []Rule // in their order, those of the file included
	text   string // of the file
}

var (
	_ profiler.Sampler  = (*Sampler)(nil)
	_ profiler.Attacher = (*Sampler)(nil)
)

// New makes a Sampler. It fails if a rate is not a share, or if a number is negative.
func New(c Config) (*Sampler, error) {
	s := &Sampler{now: time.Now}
	if err := s.Set(c); err != nil {
		return nil, err
	}
	s.changes.Store(0)
	return s, nil
}

// Set changes what is kept from now on; open traces go on as they are. It fails as
// [New] does, and then changes nothing.
func (s *Sampler) Set(c Config) error {
	if err := c.validate(); err != nil {
		return err
	}
	c.MaxRoutes = cmp.Or(c.MaxRoutes, defaultRoutes)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Rules = slices.Clone(c.Rules)
	next := &state{config: c, rules: c.Rules}
	if c.File != "" {
		rules, text, err := readRules(c.File)
		if err != nil {
			return err
		}
		next.rules, next.text = slices.Concat(rules, c.Rules), text
	}
	s.routes.reset(c.MaxRoutes)
	s.state.Store(next)
	if c.Budget == (Budget{}) {
		s.level.Store(0)
	}
	s.changes.Add(1)
	s.watch()
	return nil
}

// SetRules makes these the only rules, until the file of Config.File changes. It fails
// as [New] does, and then changes nothing.
func (s *Sampler) SetRules(rules []Rule) error {
	if err := (&Config{Rules: rules}).validate(); err != nil {
		return err
	}
	s.mu.Lock()
	next := *s.state.Load()
	next.rules = slices.Clone(rules)
	s.routes.reset(next.config.MaxRoutes)
	s.state.Store(&next)
	s.mu.Unlock()
	s.changes.Add(1)
	return nil
}

// Rules returns the rules that hold now.
func (s *Sampler) Rules() []Rule { return slices.Clone(s.state.Load().rules) }

// factor is the part of the usual rates to which the budget has lowered them.
func (s *Sampler) factor() float64 { return 1 / float64(uint64(1)<<s.level.Load()) }

func (st *state) rule(a *profiler.Arrival) *Rule {
	for i := range st.rules {
		if r := &st.rules[i]; r.fits(a) {
			return r
		}
	}
	return nil
}

// Begin implements [profiler.Sampler].
func (s *Sampler) Begin(_ context.Context, a profiler.Arrival) profiler.Verdict {
	r := s.state.Load().rule(&a)
	if r == nil || r.JoinOnly {
		return profiler.Verdict{}
	}
	s.seen.Add(1)
	var told profiler.Told
	switch rate := r.Rate * s.factor(); {
	case rate > 0:
		if rand.Float64() >= rate {
			return profiler.Verdict{}
		}
		told = profiler.Told{By: "probability", Rate: rate, Route: label(&a)}
	case r.PerMinute > 0:
		route, among, keep := s.routes.take(&a, r.PerMinute*s.factor(), s.now())
		if !keep {
			return profiler.Verdict{}
		}
		told = profiler.Told{By: "route", Rate: 1 / float64(among), Route: route}
	default:
		return profiler.Verdict{}
	}
	s.kept.Add(1)
	told.Budget = s.factor()
	return profiler.Verdict{Trace: true, ID: header.NewSampledID(told.Rate), Told: told}
}

// Join implements [profiler.Sampler].
func (s *Sampler) Join(_ context.Context, a profiler.Arrival, drawn header.Sample) profiler.Verdict {
	own := s.factor()
	if r := s.state.Load().rule(&a); r != nil && r.PerMinute == 0 {
		own *= r.Rate
	}
	if !drawn.KeptAt(own) {
		s.thinned.Add(1)
		return profiler.Verdict{}
	}
	s.joined.Add(1)
	v := profiler.Verdict{Trace: true}
	if own < drawn.Rate {
		v.Told = profiler.Told{By: "downstream", Rate: own, Route: label(&a), Budget: s.factor()}
	}
	return v
}
