// Package interop_test has Go and Python services in one trace, all of them
// real processes.
package interop_test

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde"
	_ "github.com/sonde-go/sonde/drivers/redis"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

//go:embed testdata/service.py
var pythonService string

//go:embed testdata/client.py
var pythonClient string

const key = "a key that both sides have"

// TestPythonGoPython: a Python client calls a Go service, which calls a Python
// service. osprofiler and sonde print the same report of it, whether OSProfiler has
// made the base id or sampling has drawn it.
func TestPythonGoPython(t *testing.T) {
	python := servertest.Python(t, "redis")
	store := "redis://" + servertest.Redis(t).Addr
	command := buildSonde(t)
	backend, _ := python.Serve(pythonService, store, key)

	svc, err := sonde.Open(t.Context(), sonde.Config{
		Enabled: true, HMACKeys: "another one, " + key, ConnectionString: store, Service: "go", Project: "shop",
	})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: sondehttp.Transport(&http.Transport{DisableKeepAlives: true}, sondehttp.AllowHosts("127.0.0.1"))}
	front := httptest.NewServer(sondehttp.Handler(svc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := profiler.Trace(r.Context(), "go_work", func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, backend+"/deep?x=é", nil)
			if err != nil {
				return err
			}
			res, err := client.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			fmt.Fprintf(w, "Go says: %s", body)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})))
	defer front.Close()

	drawn := header.NewSampledID(0.01).String()
	ids := map[string]string{"made by OSProfiler": "", "drawn by sampling": drawn}
	for made, id := range ids {
		ids[made] = strings.TrimSpace(python.Run(pythonClient, store, key, front.URL+"/front", id))
	}
	front.Close()
	if err := svc.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	if ids["drawn by sampling"] != drawn {
		t.Errorf("a base id comes back as %s, want %s", ids["drawn by sampling"], drawn)
	}
	for made, base := range ids {
		t.Run(made, func(t *testing.T) {
			theirs, err := python.OSProfiler("trace", "show", base, "--json", "--connection-string", store)
			if err != nil {
				t.Fatal(err, theirs)
			}
			out, err := exec.Command(command, "trace", "show", base, "--json", "--connection-string", store).Output()
			if err != nil {
				t.Fatal(err)
			}
			if ours := string(out); ours != theirs {
				t.Errorf("the reports differ.\nsonde:\n%s\nosprofiler:\n%s", ours, theirs)
			}
			// One chain: client, Go service, its call, Python service, its work.
			at := -1
			for _, name := range []string{"client_call", "http", "go_work", "http_client", "wsgi", "python_work"} {
				i := strings.Index(theirs, fmt.Sprintf("\"name\": %q", name))
				if i <= at {
					t.Errorf("%s is not below the point before it:\n%s", name, theirs)
				}
				at = i
			}
		})
	}
	listed, err := python.OSProfiler("trace", "list", "--connection-string", store)
	if err != nil || !strings.Contains(listed, drawn) {
		t.Errorf("osprofiler trace list has no %s: %v\n%s", drawn, err, listed)
	}
}

func buildSonde(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sonde")
	build := exec.Command("go", "build", "-o", path, "./sonde")
	build.Dir = "../../cmd"
	build.Env = append(os.Environ(), "GOWORK=") // the command is another module, which go.work joins to this one
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
