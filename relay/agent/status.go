package agent

import (
	"context"
	"net/http"
	"time"

	"github.com/sonde-go/sonde/relay/internal/metrics"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// Status is what GET /v1/status answers. The numbers of records begin with the agent.
type Status struct {
	Ready   bool      `json:"ready"`
	Error   string    `json:"error,omitempty"` // why it is not
	Started time.Time `json:"started"`
	Listen  []string  `json:"listen"`

	Received uint64 `json:"received"` // = Spooled + Repeated + Rejected + Full + Failed
	Spooled  uint64 `json:"spooled"`
	Repeated uint64 `json:"repeated"` // were in the spool already
	Rejected uint64 `json:"rejected"` // can never be stored
	Full     uint64 `json:"full"`     // refused, since the spool was full
	Failed   uint64 `json:"failed"`   // refused, since it failed; they may be there

	RefusedPosts map[string]uint64 `json:"refused_posts"` // by reason

	Spool SpoolStatus `json:"spool"`

	// Records that the agent itself has taken to stores.
	Stores      []StoreStatus     `json:"stores"`
	Dropped     map[string]uint64 `json:"dropped"` // on the way, by reason
	Quarantined uint64            `json:"quarantined"`
}

// SpoolStatus is how full the spool is.
type SpoolStatus struct {
	Where    string  `json:"where"`
	Sync     string  `json:"sync"`
	Messages uint64  `json:"messages"`
	Bytes    uint64  `json:"bytes"`
	MaxBytes int64   `json:"max_bytes"`
	Lag      float64 `json:"lag_seconds"` // the age of the oldest record
}

// StoreStatus is what one store has been given.
type StoreStatus struct {
	Store   string `json:"store"`
	Stored  uint64 `json:"stored"`
	Present uint64 `json:"present"` // that it had already
	Waiting int    `json:"waiting"` // messages of the spool
	Failing bool   `json:"failing"`
}

// Status says how the agent does. It is safe for concurrent use while the agent runs.
func (a *Agent) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	s := Status{
		Started: a.started, Listen: a.Addresses(),
		Spooled: a.counts.spooled.Load(), Repeated: a.counts.repeated.Load(), Rejected: a.counts.rejected.Load(),
		Full: a.counts.full.Load(), Failed: a.counts.failed.Load(),
		RefusedPosts: a.counts.refusals(),
		Spool:        SpoolStatus{Where: a.Spool(), Sync: a.Sync()},
	}
	s.Received = a.counts.received.Load() // after the others, which it is never less than
	state, err := a.spool.State(ctx)
	if err != nil {
		s.Error = err.Error()
	} else {
		s.Ready = true
		s.Spool.Messages, s.Spool.Bytes, s.Spool.MaxBytes = state.Messages, state.Bytes, state.MaxBytes
		if !state.Oldest.IsZero() {
			s.Spool.Lag = max(time.Since(state.Oldest).Seconds(), 0)
		}
	}
	if a.drain != nil {
		a.drain.stats(&s)
	}
	return s
}

// Spool says where the spool is: a folder, or the URL of a cluster without secrets.
func (a *Agent) Spool() string {
	if a.spool.Embedded() {
		return a.config.DataDir
	}
	return spool.Servers(a.config.JetStream)
}

// Sync says when the spool syncs: "always", every so often, or as the cluster does.
func (a *Agent) Sync() string {
	switch {
	case !a.spool.Embedded():
		return "by the cluster"
	case a.config.Sync == 0:
		return "always"
	}
	return "every " + a.config.Sync.String()
}

func (a *Agent) status(w http.ResponseWriter, r *http.Request) {
	s := a.Status(r.Context())
	reply(w, http.StatusOK, &s)
}

func (a *Agent) healthz(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *Agent) readyz(w http.ResponseWriter, r *http.Request) {
	s := a.Status(r.Context())
	switch {
	case a.stopping.Load():
		a.notReady(w, "the agent stops")
	case !s.Ready:
		a.notReady(w, s.Error)
	case s.Spool.MaxBytes > 0 && s.Spool.Bytes >= uint64(s.Spool.MaxBytes)/100*99:
		a.notReady(w, "the spool is full")
	default:
		reply(w, http.StatusOK, map[string]string{"status": "ready"})
	}
}

func (a *Agent) notReady(w http.ResponseWriter, why string) {
	reply(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "error": why})
}

func (a *Agent) metrics(w http.ResponseWriter, r *http.Request) {
	s := a.Status(r.Context())
	var m metrics.Text
	m.Counter("sonde_agent_records_received_total", "Records that were sent to the agent.", s.Received)
	m.Counter("sonde_agent_records_spooled_total", "Records that the agent has put into the spool.", s.Spooled)
	m.Counter("sonde_agent_records_repeated_total", "Records sent again that were in the spool already.", s.Repeated)
	m.Counter("sonde_agent_records_rejected_total", "Records that can never be stored.", s.Rejected)
	m.Counters("sonde_agent_records_refused_total", "Records that the spool did not take: full, or failing.", "reason", map[string]uint64{"full": s.Full, "spool": s.Failed})
	m.Counters("sonde_agent_posts_refused_total", "Requests that were refused.", "reason", s.RefusedPosts)
	stored, failing := map[string]uint64{}, 0
	for _, st := range s.Stores {
		stored[st.Store] += st.Stored + st.Present
		if st.Failing {
			failing++
		}
	}
	m.Counters("sonde_agent_records_stored_total", "Records that a store has acknowledged.", "store", stored)
	m.Counters("sonde_agent_records_dropped_total", "Records dropped on their way to the stores.", "reason", s.Dropped)
	m.Counter("sonde_agent_records_quarantined_total", "Records put aside, since no store takes them.", s.Quarantined)
	m.Gauge("sonde_agent_stores_failing", "Stores whose last write has failed.", float64(failing))
	if s.Ready {
		m.Gauge("sonde_agent_spool_messages", "Messages in the spool.", float64(s.Spool.Messages))
		m.Gauge("sonde_agent_spool_bytes", "Bytes in the spool.", float64(s.Spool.Bytes))
		m.Gauge("sonde_agent_spool_max_bytes", "Bytes that the spool may have.", float64(s.Spool.MaxBytes))
		m.Gauge("sonde_agent_spool_lag_seconds", "Age of the oldest record in the spool.", s.Spool.Lag)
	}
	w.Header().Set("Content-Type", metrics.ContentType)
	w.Write([]byte(m.String()))
}
