package sonde_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The service of TestTaxOnGoMod, before and after it takes Sonde in.
const (
	serviceGoMod = `module example.com/service

go 1.24

require (
	github.com/XSAM/otelsql v0.35.0
	go.opentelemetry.io/otel v1.34.0
	go.opentelemetry.io/otel/trace v1.34.0
	google.golang.org/grpc v1.70.0
)
`
	serviceMain = `package main

import (
	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

var (
	_ = otelsql.Open
	_ trace.Tracer = otel.Tracer("service")
	_ = grpc.NewServer
)

func main() {}
`
	serviceTraced = `package main

import (
	"github.com/sonde-go/sonde"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/sqltrace"
	sondeotelsql "github.com/sonde-go/sonde/sqltrace/otelsql"
)

var (
	_ = sonde.Open
	_ = sondehttp.Handler
	_ = sondegrpc.UnaryServerInterceptor
	_ = sqltrace.Open
	_ = sondeotelsql.Open
)
`
)

// goMod is what a go.mod says: the go line, and the modules with versions.
type goMod struct {
	Go      string
	Require []struct{ Path, Version string }
}

func (m goMod) versions() map[string]string {
	v := map[string]string{}
	for _, r := range m.Require {
		v[r.Path] = r.Version
	}
	return v
}

// TestTaxOnGoMod: a service of early 2025 that takes in Sonde's middleware keeps
// its go line and every version that it has chosen, and few others change.
func TestTaxOnGoMod(t *testing.T) {
	const mostRewritten = 2
	checkout, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return out
	}
	tidy := func() (m goMod) {
		t.Helper()
		run("mod", "tidy")
		if err := json.Unmarshal(run("mod", "edit", "-json"), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	write("go.mod", serviceGoMod)
	write("main.go", serviceMain)
	before := tidy()
	write("traced.go", serviceTraced)
	run("mod", "edit", "-require="+module+"@v0.0.0", "-replace="+module+"="+checkout)
	after := tidy()
	run("build", "-o", os.DevNull, ".")

	if before.Go != "1.24" || after.Go != before.Go {
		t.Errorf("go %s has become %s", before.Go, after.Go)
	}
	now := after.versions()
	rewritten := 0
	for path, version := range before.versions() {
		if now[path] == version {
			continue
		}
		rewritten++
		t.Logf("%s %s has become %q", path, version, now[path])
		if strings.Contains(serviceGoMod, path+" "+version) {
			t.Errorf("%s is no longer %s", path, version)
		}
	}
	if rewritten > mostRewritten {
		t.Errorf("%d versions were rewritten, %d are accepted", rewritten, mostRewritten)
	}
	maps.DeleteFunc(now, func(path, _ string) bool { _, had := before.versions()[path]; return had || path == module })
	if len(now) > 0 {
		t.Errorf("these modules were added: %v", now)
	}
}
