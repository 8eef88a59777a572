package collector

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/relay/internal/metrics"
	"github.com/sonde-go/sonde/relay/internal/tail"
)

// TestTailStatus: what tail sampling counts is told in the status and in the metrics.
func TestTailStatus(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		counts tail.Counts
		status string
		lines  []string
	}{
		"nothing yet": {tail.Counts{},
			`{"kept":null,"dropped":0,"early":null,"late":0,"forgotten":0,"undecided":0,"held_bytes":0,"stress":{"on":false,"since":null,"cause":""}}`,
			[]string{"sonde_collector_stress 0", "sonde_collector_batches_late_total 0"}},
		"under stress": {
			tail.Counts{Kept: map[string]uint64{"slowest": 3}, Dropped: 90, Early: map[string]uint64{"memory": 2}, Late: 4, Forgotten: 5, Traces: 6, Held: 7000,
				Stress: tail.Stress{On: true, Since: since, Cause: "memory"}},
			`{"kept":{"slowest":3},"dropped":90,"early":{"memory":2},"late":4,"forgotten":5,"undecided":6,"held_bytes":7000,"stress":{"on":true,"since":"2026-01-02T03:04:05Z","cause":"memory"}}`,
			[]string{`sonde_collector_traces_kept_total{rule="slowest"} 3`, "sonde_collector_traces_dropped_total 90", `sonde_collector_traces_early_total{cause="memory"} 2`, "sonde_collector_batches_late_total 4",
				"sonde_collector_decisions_forgotten_total 5", "sonde_collector_traces_undecided 6", "sonde_collector_traces_held_bytes 7000", "sonde_collector_stress 1"}},
		"after it": {tail.Counts{Stress: tail.Stress{Since: since, Cause: "store"}},
			`{"kept":null,"dropped":0,"early":null,"late":0,"forgotten":0,"undecided":0,"held_bytes":0,"stress":{"on":false,"since":"2026-01-02T03:04:05Z","cause":"store"}}`,
			[]string{"sonde_collector_stress 0"}},
	} {
		s := tailStatus(tt.counts)
		if text, err := json.Marshal(s); err != nil || string(text) != tt.status {
			t.Errorf("%s: %s, %v, want %s", name, text, err, tt.status)
		}
		var m metrics.Text
		s.metrics(&m)
		for _, line := range tt.lines {
			if !strings.Contains(m.String(), line+"\n") {
				t.Errorf("%s: no %s in\n%s", name, line, m.String())
			}
		}
	}
}

// TestTailIsTold: a collector that samples says so where it is asked.
func TestTailIsTold(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "tail.yaml")
	if err := os.WriteFile(rules, []byte("keep:\n  errors: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, natstest.JetStream(t).URL, 1)
	c := run(t, Config{JetStream: s.url, Tail: rules, Metrics: "127.0.0.1:0",
		Stores: []*drivers.Store{openStore(t, "sqlite:///"+filepath.Join(t.TempDir(), "traces.db"))}})
	var st Status
	if err := json.Unmarshal([]byte(get(t, c, "/v1/status", http.StatusOK)), &st); err != nil || st.Tail == nil || st.Tail.Stress.On {
		t.Errorf("%+v, %v", st, err)
	}
	if text := get(t, c, "/metrics", http.StatusOK); !strings.Contains(text, "sonde_collector_stress 0\n") {
		t.Error(text)
	}
}
