package agent

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/file"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// TestDrains: what was spooled without a store is in the store once there is one, and
// what comes right before the end too.
func TestDrains(t *testing.T) {
	dir := t.TempDir()
	r := start(t, Config{DataDir: dir})
	if status, a, _ := r.post(strings.NewReader(lines(300, 3, 0))); status != 200 {
		t.Fatal(status, a)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	store, err := drivers.Open(t.Context(), "file://"+filepath.Join(t.TempDir(), "traces.jsonl"), drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r = start(t, Config{DataDir: dir, Stores: []*drivers.Store{store}, StopTimeout: watchdogs})
	watchdog.Until(t, "an empty spool", func() bool { return r.Status(t.Context()).Spool.Messages == 0 })
	if s := r.Status(t.Context()); len(s.Stores) != 1 || s.Stores[0].Stored != 300 || s.Stores[0].Store != store.URL() {
		t.Errorf("%+v", s)
	}
	if _, body := r.get("/metrics"); !strings.Contains(body, "sonde_agent_records_stored_total{store=\""+store.URL()+"\"} 300\n") {
		t.Error(body)
	}
	if status, a, _ := r.post(strings.NewReader(lines(300, 3, 300))); status != 200 {
		t.Fatal(status, a)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range 3 {
		for _, err := range store.Records(t.Context(), traceID(i)) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	if n != 600 {
		t.Errorf("%d records are in the store, want 600", n)
	}
}

// TestNotItself: an agent whose store is itself does not start.
func TestNotItself(t *testing.T) {
	path := socket(t)
	for _, address := range []string{"unix://" + path, "tcp://127.0.0.1:0"} {
		c := Config{Listen: []string{address}, DataDir: t.TempDir()}.withDefaults()
		doors, err := listen(t.Context(), &c)
		if err != nil {
			t.Fatal(err)
		}
		a := &Agent{config: c, doors: doors}
		doors[0].Close()
		own, other := "agent://"+doors[0].Addr().String(), "agent:///else.sock"
		if !a.isAt(own) || !a.isAt(own+"?socket_timeout=1s") || a.isAt(other) || a.isAt("agent://") || a.isAt("redis://"+path) {
			t.Errorf("%s is taken for another", own)
		}
	}
	store, err := drivers.Open(t.Context(), "agent://"+path, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := New(t.Context(), Config{Listen: []string{"unix://" + path}, DataDir: t.TempDir(), Stores: []*drivers.Store{store}}); err == nil || !strings.Contains(err.Error(), "to itself") {
		t.Error(err)
	}
}
