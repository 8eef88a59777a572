package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/sonde-go/sonde/relay/internal/metrics"
	"github.com/sonde-go/sonde/relay/internal/tail"
)

// Status is what GET /v1/status answers. The numbers begin with the collector; those of
// records count one that is delivered again as another one.
type Status struct {
	Ready   bool      `json:"ready"`
	Error   string    `json:"error,omitempty"` // why it is not
	Started time.Time `json:"started"`

	Messages    uint64 `json:"messages"`
	Redelivered uint64 `json:"redelivered"` // messages that somebody had before
	Parked      uint64 `json:"parked"`      // messages given back for a while, since a store fails
	Lost        uint64 `json:"lost"`        // messages that the cluster may have given to others
	Records     uint64 `json:"records"`

	Dropped     map[string]uint64 `json:"dropped"` // records, by reason
	Quarantined uint64            `json:"quarantined"`
	Stores      []StoreStatus     `json:"stores"`

	HeldMessages int `json:"held_messages"`
	HeldBytes    int `json:"held_bytes"`

	Spool SpoolStatus `json:"spool"`
	Tail  *TailStatus `json:"tail,omitempty"` // without tail sampling, absent
}

// TailStatus is what tail sampling has decided, in traces.
type TailStatus struct {
	Kept      map[string]uint64 `json:"kept"` // by rule
	Dropped   uint64            `json:"dropped"`
	Early     map[string]uint64 `json:"early"`     // decided before they were quiet, by cause
	Late      uint64            `json:"late"`      // batches that came when their trace was decided
	Forgotten uint64            `json:"forgotten"` // decisions that had to make room for later ones
	Undecided int               `json:"undecided"`
	HeldBytes int64             `json:"held_bytes"` // of the undecided
	Stress    Stress            `json:"stress"`

	Differing []Differing `json:"differing_rules,omitempty"` // absent: all collectors have the same rules
}

// Differing is another collector that decides by other rules.
type Differing struct {
	Collector string   `json:"collector"` // its host and process
	Rules     []string `json:"rules"`     // such as "quiet: 10s there, 20s here"
}

// Stress says whether new traces are decided at once, by their base ids, because what
// may be held is nearly used up.
type Stress struct {
	On    bool       `json:"on"`
	Since *time.Time `json:"since"` // when it began or ended last; null if it never began
	Cause string     `json:"cause"` // what is or was used up: "memory", "traces" or "store"; "" if it never began
}

// SpoolStatus is how full the site's spool is.
type SpoolStatus struct {
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
	Waiting int    `json:"waiting"` // messages
	Failing bool   `json:"failing"`
}

// Status says how the collector does.
func (c *Collector) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	d := c.drain.Stats()
	s := Status{
		Started: c.started, Messages: d.Messages, Redelivered: d.Redelivered, Parked: d.Parked, Lost: d.Lost, Records: d.Records,
		Dropped: d.Dropped, Quarantined: d.Quarantined, HeldMessages: d.HeldMessages, HeldBytes: d.HeldBytes,
	}
	for i, st := range d.Stores {
		s.Stores = append(s.Stores, StoreStatus{c.config.Stores[i].URL(), st.Stored, st.Present, st.Waiting, st.Failing})
	}
	state, err := c.spool.State(ctx)
	switch {
	case c.stopping.Load():
		s.Error = "the collector stops"
	case err != nil:
		s.Error = err.Error()
	case d.Unreachable != nil:
		s.Error = d.Unreachable.Error()
	default:
		s.Ready = true
	}
	if err == nil {
		s.Spool.Messages, s.Spool.Bytes, s.Spool.MaxBytes = state.Messages, state.Bytes, state.MaxBytes
		if !state.Oldest.IsZero() {
			s.Spool.Lag = max(time.Since(state.Oldest).Seconds(), 0)
		}
	}
	if c.tail != nil {
		s.Tail = tailStatus(c.tail.Counts())
		for _, d := range c.tail.Differences() {
			s.Tail.Differing = append(s.Tail.Differing, Differing(d))
		}
	}
	return s
}

func tailStatus(c tail.Counts) *TailStatus {
	s := &TailStatus{
		Kept: c.Kept, Dropped: c.Dropped, Early: c.Early, Late: c.Late, Forgotten: c.Forgotten,
		Undecided: c.Traces, HeldBytes: c.Held, Stress: Stress{On: c.Stress.On, Cause: c.Stress.Cause},
	}
	if !c.Stress.Since.IsZero() {
		s.Stress.Since = &c.Stress.Since
	}
	return s
}

// listen opens the listener for questions, which nobody has to be known for: so only
// this machine may reach it.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address for metrics: %w; write 127.0.0.1:PORT", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the address for metrics %s: other machines would reach it, and it asks nobody who they are; write 127.0.0.1:PORT", address)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the address for metrics: %w", err)
	}
	return l, nil
}

// serve answers questions until ctx ends.
func (c *Collector) serve(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s := c.Status(r.Context()); !s.Ready {
			reply(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "error": s.Error})
			return
		}
		reply(w, http.StatusOK, map[string]string{"status": "ready"})
	})
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) { reply(w, http.StatusOK, c.Status(r.Context())) })
	mux.HandleFunc("GET /metrics", c.metrics)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // what clients did wrong
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // who has gone needs no answer
}

func (c *Collector) metrics(w http.ResponseWriter, r *http.Request) {
	s := c.Status(r.Context())
	var m metrics.Text
	m.Counter("sonde_collector_messages_total", "Batches that the spool has delivered.", s.Messages)
	m.Counter("sonde_collector_messages_redelivered_total", "Batches that somebody had before.", s.Redelivered)
	m.Counter("sonde_collector_messages_parked_total", "Batches given back for a while, since a store fails.", s.Parked)
	m.Counter("sonde_collector_messages_lost_total", "Batches that the spool may have given to other collectors.", s.Lost)
	m.Counter("sonde_collector_records_received_total", "Records in the batches.", s.Records)
	m.Counter("sonde_collector_records_quarantined_total", "Records put aside, since no store takes them.", s.Quarantined)
	m.Counters("sonde_collector_records_dropped_total", "Records dropped by rules.", "reason", s.Dropped)
	stored, present, failing := map[string]uint64{}, map[string]uint64{}, 0
	for _, st := range s.Stores {
		stored[st.Store] += st.Stored
		present[st.Store] += st.Present
		if st.Failing {
			failing++
		}
	}
	m.Counters("sonde_collector_records_stored_total", "Records that a store has acknowledged.", "store", stored)
	m.Counters("sonde_collector_records_present_total", "Records that a store had already.", "store", present)
	m.Gauge("sonde_collector_stores_failing", "Stores whose last write has failed.", float64(failing))
	m.Gauge("sonde_collector_held_bytes", "Memory of batches that are not acknowledged.", float64(s.HeldBytes))
	if s.Ready {
		m.Gauge("sonde_collector_ready", "1 if the spool answers.", 1)
		m.Gauge("sonde_collector_spool_messages", "Batches in the spool.", float64(s.Spool.Messages))
		m.Gauge("sonde_collector_spool_bytes", "Bytes in the spool.", float64(s.Spool.Bytes))
		m.Gauge("sonde_collector_spool_lag_seconds", "Age of the oldest record in the spool.", s.Spool.Lag)
	} else {
		m.Gauge("sonde_collector_ready", "1 if the spool answers.", 0)
	}
	if s.Tail != nil {
		s.Tail.metrics(&m)
	}
	w.Header().Set("Content-Type", metrics.ContentType)
	_, _ = io.WriteString(w, m.String())
}

func (s *TailStatus) metrics(m *metrics.Text) {
	m.Counters("sonde_collector_traces_kept_total", "Always-on traces kept, by rule.", "rule", s.Kept)
	m.Counter("sonde_collector_traces_dropped_total", "Always-on traces that no rule has kept.", s.Dropped)
	m.Counters("sonde_collector_traces_early_total", "Traces decided before they were quiet, by cause.", "cause", s.Early)
	m.Counter("sonde_collector_batches_late_total", "Batches that came when their trace was decided.", s.Late)
	m.Counter("sonde_collector_decisions_forgotten_total", "Decisions that had to make room for later ones.", s.Forgotten)
	m.Gauge("sonde_collector_traces_held_bytes", "Memory of traces that are not decided.", float64(s.HeldBytes))
	stress := 0.0
	if s.Stress.On {
		stress = 1
	}
	m.Gauge("sonde_collector_stress", "1 while new traces are decided at once, since what may be held is nearly used up.", stress)
	m.Gauge("sonde_collector_rules_differing", "Other collectors that decide by other rules; /v1/status names them.", float64(len(s.Differing)))
	m.Gauge("sonde_collector_traces_undecided", "Traces that are held until they are decided.", float64(s.Undecided))
}
