package interop_test

import (
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
)

// TestPythonShowsLosses: osprofiler shows a trace of which nothing but its loss is
// stored, and one that tells of the losses of its service, as sonde does.
func TestPythonShowsLosses(t *testing.T) {
	python := servertest.Python(t, "redis")
	store := "redis://" + servertest.Redis(t).Addr
	command := buildSonde(t)
	svc, err := sonde.Open(t.Context(), sonde.Config{
		Enabled: true, HMACKeys: key, ConnectionString: store, Service: "go",
		Logger: slog.New(slog.DiscardHandler),
		Queue:  profiler.QueueConfig{MaxEvents: 20, FlushInterval: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	begin := func() (header.ID, profiler.Point) {
		id := header.NewID()
		_, p := svc.BeginAs(context.Background(), id, profiler.Opening{Name: "job"})
		return id, p
	}
	watched, open := begin()
	for range 9 { // now the queue is full: each trace has room for two records
		_, p := begin()
		defer p.Stop()
	}
	var over header.ID
	for range 10_001 { // one more than is remembered
		id, p := begin()
		p.Stop()
		if over.IsZero() {
			over = id
		}
	}
	if err := svc.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	open.Stop()
	if err := svc.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		trace header.ID
		text  string
	}{
		"over":    {over, `"name": "sonde_lost"`},
		"watched": {watched, `"service_lost"`},
	} {
		base := want.trace.String()
		theirs, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", store)
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, theirs)
		}
		ours, err := exec.Command(command, "trace", "show", base, "--json", "--connection-string", store).Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(ours) != theirs {
			t.Errorf("%s: the reports differ.\nsonde:\n%s\nosprofiler:\n%s", name, ours, theirs)
		}
		if !strings.Contains(theirs, want.text) {
			t.Errorf("%s: there is no %s:\n%s", name, want.text, theirs)
		}
		text, err := exec.Command(command, "trace", "show", base, "--connection-string", store).Output()
		if err != nil || !strings.Contains(string(text), "lost 2 records of this trace never reached the store") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
