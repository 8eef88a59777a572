package collector

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
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
			[]string{"sonde_collector_stress 0", "sonde_collector_batches_late_total 0", "sonde_collector_rules_differing 0"}},
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

// tailFile writes a file of rules.
func tailFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tail.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) has(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), part)
}

// TestTailIsTold: a collector that samples says so where it is asked, and that another
// one does so by other rules, as long as that is there.
func TestTailIsTold(t *testing.T) {
	s := newSite(t, natstest.JetStream(t).URL, 1)
	stores := []*drivers.Store{openStore(t, "sqlite:///"+filepath.Join(t.TempDir(), "traces.db"))}
	log := new(lines)
	c := run(t, Config{JetStream: s.url, Tail: tailFile(t, "keep: {errors: true}\n"), Metrics: "127.0.0.1:0", Stores: stores, Log: slog.New(slog.NewTextHandler(log, nil))})
	status := func() (st Status) {
		t.Helper()
		if err := json.Unmarshal([]byte(get(t, c, "/v1/status", http.StatusOK)), &st); err != nil || st.Tail == nil || st.Tail.Stress.On {
			t.Fatalf("%+v, %v", st, err)
		}
		return st
	}
	if text := get(t, c, "/metrics", http.StatusOK); !strings.Contains(text, "sonde_collector_stress 0\n") || !strings.Contains(text, "sonde_collector_rules_differing 0\n") {
		t.Error(text)
	}
	run(t, Config{JetStream: s.url, Tail: tailFile(t, "keep: {errors: true}\ntraces: 1000\n"), Stores: stores})
	other := run(t, Config{JetStream: s.url, Tail: tailFile(t, "keep: {slowest: 5%}\n"), Stores: stores})
	watchdog.Until(t, "the other collector's rules", func() bool { return len(status().Tail.Differing) > 0 })
	want := []string{"keep.errors: false there, true here", "keep.slowest: 5% there, 0% here"}
	if d := status().Tail.Differing; len(d) != 1 || !slices.Equal(d[0].Rules, want) || !strings.Contains(d[0].Collector, fmt.Sprint("process ", os.Getpid())) {
		t.Errorf("%+v", d)
	}
	if text := get(t, c, "/metrics", http.StatusOK); !strings.Contains(text, "sonde_collector_rules_differing 1\n") {
		t.Error(text)
	}
	watchdog.Until(t, "the warning", func() bool { return log.has("level=WARN") && log.has(want[1]) })
	other.stop()
	watchdog.Until(t, "the end of the difference", func() bool { return len(status().Tail.Differing) == 0 && log.has("by the same rules again") })
}
