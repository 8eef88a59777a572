package cli

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/slogtrace"
)

// TestLoggedTraceIsFound: the id that a program logs as that of its trace, by itself
// or by slogtrace, is one that the command finds.
func TestLoggedTraceIsFound(t *testing.T) {
	url := "sqlite:///" + filepath.Join(t.TempDir(), "sonde.db")
	svc, err := sonde.Open(t.Context(), sonde.Config{Enabled: true, HMACKeys: "k", Service: "api", ConnectionString: url})
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	log := slog.New(slogtrace.NewHandler(slog.NewTextHandler(&logged, nil)))
	ctx, p := svc.Begin(t.Context(), profiler.Opening{Name: "nightly report"})
	ctx, below := profiler.Start(ctx, "step")
	log.InfoContext(ctx, "done", "trace", profiler.BaseID(ctx))
	below.Stop()
	p.Stop()
	if err := svc.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"trace", "base_id"} {
		id := regexp.MustCompile(` ` + name + `=(\S+)`).FindStringSubmatch(logged.String())
		if id == nil {
			t.Fatalf("no %s in %s", name, logged.String())
		}
		r := command(t, "trace", "show", id[1], "--connection-string", url)
		r.checkFine(t, "")
		if !strings.Contains(r.out, "nightly report") {
			t.Errorf("%s: %s", name, r.out)
		}
	}
}
