package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/report"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDemo: one tree with one root, points of every layer and of all three
// services; the unsigned request left nothing.
func TestDemo(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	store, page := "sqlite:///"+filepath.Join(dir, "demo.db"), filepath.Join(dir, "demo.html")
	var out bytes.Buffer
	if err := run(ctx, store, page, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	d, err := drivers.Open(ctx, store, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var bases []string
	for tr, err := range d.Traces(ctx, drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		bases = append(bases, tr.ID)
	}
	if len(bases) != 1 {
		t.Fatalf("traces %v, want one", bases)
	}
	r, err := report.Build(d.Records(ctx, bases[0]))
	if err != nil {
		t.Fatal(err)
	}
	if roots := len(slices.Collect(r.Roots())); roots != 1 || r.Unfinished() != 0 || len(r.Warnings) != 0 {
		t.Errorf("%d roots, %d unfinished points, warnings %v", roots, r.Unfinished(), r.Warnings)
	}
	services, names := map[string]bool{}, map[string]int{}
	for p := range r.Walk() {
		services[p.Service] = true
		names[p.Name]++
	}
	for _, s := range []string{"gateway", "inventory", "worker"} {
		if !services[s] {
			t.Errorf("no point of %s", s)
		}
	}
	for name, n := range map[string]int{"http": 1, "grpc_client": 1, "grpc": 1, "db": 3, "quote": 1, "nats_publish": 1, "nats_process": 1} {
		if names[name] != n {
			t.Errorf("%d points %s, want %d", names[name], name, n)
		}
	}
	for _, want := range []string{"1 of 2 requests", bases[0], "nats_process", "db SELECT", page} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, out.String())
		}
	}
	if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte(bases[0])) {
		t.Errorf("the page: %v, %d bytes", err, len(text))
	}
}
