package sampling

import (
	"context"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

const (
	budgetTick = time.Second
	// calm is how many ticks in a row need room for twice as much before rates are
	// doubled, and easy what is room enough: doubled it is still within the budget, and
	// some more.
	calm = 5
	easy = 0.4
	// maxLevel is how often rates are halved at most.
	maxLevel = 30
)

// governor decides by how much rates are lowered.
type governor struct {
	level uint32
	calm  int
}

// step is told how much of the budget was used since the last call. It halves at once
// as often as is needed, and doubles after a while, so that rates do not swing.
func (g *governor) step(used float64) uint32 {
	switch {
	case used > 1:
		g.calm = 0
		g.level = min(g.level+uint32(min(math.Ceil(math.Log2(used)), maxLevel)), maxLevel)
	case used > easy:
		g.calm = 0
	case g.level > 0:
		if g.calm++; g.calm >= calm {
			g.calm = 0
			g.level--
		}
	}
	return g.level
}

// Attach implements [profiler.Attacher]: the records of s count towards the budget.
func (s *Sampler) Attach(svc *profiler.Service) (detach func()) {
	s.mu.Lock()
	s.services = append(s.services, svc)
	s.mu.Unlock()
	s.watch()
	return func() {
		s.mu.Lock()
		s.services = slices.DeleteFunc(s.services, func(other *profiler.Service) bool { return other == svc })
		s.mu.Unlock()
		s.watch()
	}
}

// watch has a goroutine watch over the budget and the file if there is one of them.
func (s *Sampler) watch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.state.Load().config
	needed := (c.Budget != Budget{} || c.File != "") && len(s.services) > 0
	switch {
	case needed && s.stop == nil:
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		s.stop = func() { cancel(); <-done }
		go func() {
			defer close(done)
			s.govern(ctx)
		}()
	case !needed && s.stop != nil:
		stop := s.stop
		s.stop = nil
		s.mu.Unlock()
		stop()
		s.mu.Lock()
	}
}

func (s *Sampler) govern(ctx context.Context) {
	tick := time.NewTicker(budgetTick)
	defer tick.Stop()
	var cost time.Duration
	var g governor
	at, before := time.Now(), s.recorded()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.reload()
		b, logger := s.state.Load().config.Budget, s.state.Load().config.Logger
		if b == (Budget{}) {
			at, before = time.Now(), s.recorded()
			continue
		}
		if b.CPU > 0 && b.RecordCost == 0 && cost == 0 {
			cost = recordCost()
		}
		now, records := time.Now(), s.recorded()
		perSecond := float64(records-min(before, records)) / now.Sub(at).Seconds()
		at, before = now, records
		g.level = s.level.Load()
		used := b.used(perSecond, cost)
		s.setLevel(g.step(used), used, logger)
	}
}

func (s *Sampler) setLevel(level uint32, used float64, logger *slog.Logger) {
	old := s.level.Swap(level)
	switch {
	case level > old:
		logger.LogAttrs(context.Background(), slog.LevelWarn, "sonde: profiling is over its budget; fewer requests are sampled",
			slog.Float64("used", used), slog.Float64("part_of_usual_rates", s.factor()))
	case level < old:
		logger.LogAttrs(context.Background(), slog.LevelInfo, "sonde: profiling has room in its budget; more requests are sampled",
			slog.Float64("used", used), slog.Float64("part_of_usual_rates", s.factor()))
	}
}

// used is the part of the budget that so many records a second take.
func (b *Budget) used(perSecond float64, cost time.Duration) (used float64) {
	if b.Records > 0 {
		used = perSecond / b.Records
	}
	if b.CPU > 0 {
		if b.RecordCost > 0 {
			cost = b.RecordCost
		}
		used = max(used, perSecond*cost.Seconds()/float64(runtime.GOMAXPROCS(0))/b.CPU)
	}
	return used
}

// recorded is how many records the services have made, whatever became of them.
func (s *Sampler) recorded() (n uint64) {
	s.mu.Lock()
	services := slices.Clone(s.services)
	s.mu.Unlock()
	for _, svc := range services {
		if sinks := svc.Stats().Sinks; len(sinks) > 0 {
			n += sinks[0].Recorded
		}
	}
	return n
}

// recordCost measures what a record costs in this process, without a sink's work.
func recordCost() time.Duration {
	const points = 500
	svc, err := profiler.New(profiler.Config{Name: "sonde", Sink: discard{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return time.Microsecond
	}
	defer svc.Close(context.Background()) //nolint:errcheck // its records are of no use
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "cost"})
	defer p.Stop()
	began := time.Now()
	for range points {
		_, q := profiler.Start(ctx, "cost", slog.String("key", "value"))
		q.Stop()
	}
	return time.Since(began) / (2 * points)
}

type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }
