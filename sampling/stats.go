package sampling

import (
	"fmt"
	"io"
)

// Stats is what a Sampler has done so far.
type Stats struct {
	// Seen counts requests without headers that a rule is about, and Kept those of
	// them that a trace has begun with.
	Seen, Kept uint64
	// Joined counts requests of traces that another service has drawn and that are
	// recorded here, and Thinned those that are not.
	Joined, Thinned uint64
	// Budget is the part of the usual rates to which the budget has lowered them: 1,
	// 1/2, 1/4 and so on.
	Budget float64
	// Routes is how many routes are told apart.
	Routes int
	// Changes counts how often [Sampler.Set] has changed what is kept.
	Changes uint64
}

// Stats returns the current figures.
func (s *Sampler) Stats() Stats {
	return Stats{
		Seen: s.seen.Load(), Kept: s.kept.Load(), Joined: s.joined.Load(), Thinned: s.thinned.Load(),
		Budget: s.factor(), Routes: s.routes.size(), Changes: s.changes.Load(),
	}
}

// WriteMetrics writes what [Sampler.Stats] says in Prometheus' text format, to follow
// what [profiler.Service.WriteMetrics] writes. Its error is that of w.
func (s *Sampler) WriteMetrics(w io.Writer) error {
	st := s.Stats()
	_, err := fmt.Fprintf(w, `# HELP sonde_sampling_requests_total Requests that sampling has decided on, by what it decided.
# TYPE sonde_sampling_requests_total counter
sonde_sampling_requests_total{decision="kept"} %d
sonde_sampling_requests_total{decision="not_kept"} %d
sonde_sampling_requests_total{decision="joined"} %d
sonde_sampling_requests_total{decision="thinned"} %d
# HELP sonde_sampling_budget_ratio Part of the usual rates to which the budget has lowered them.
# TYPE sonde_sampling_budget_ratio gauge
sonde_sampling_budget_ratio %g
# HELP sonde_sampling_routes Routes that are told apart.
# TYPE sonde_sampling_routes gauge
sonde_sampling_routes %d
# HELP sonde_sampling_changes_total Changes of what is kept while the program runs.
# TYPE sonde_sampling_changes_total counter
sonde_sampling_changes_total %d
`, st.Kept, st.Seen-min(st.Kept, st.Seen), st.Joined, st.Thinned, st.Budget, st.Routes, st.Changes)
	return err
}
