package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWalkOutput: the command of docs/walks/csv, which is another module, has
// that module's form and the one store that it imports.
func TestWalkOutput(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own")
	run := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
		}
		return string(out)
	}
	run("../docs/walks/csv", "go", "build", "-o", own, "./sonde")

	url := "file://" + filepath.Join(t.TempDir(), "traces.jsonl")
	command(t, "trace", "copy", "--from", store(t), "--to", url, checkout).checkFine(t, "")
	const want = "depth,name,kind,label,service,start_us,duration_us,error\n0,http,server,POST /checkout,cart,0,90000,\n"
	if got := run(".", own, "trace", "show", checkout, "--format", "points", "--connection-string", url); got != want {
		t.Errorf("got %s", got)
	}
	help := strings.Join(strings.Fields(run(".", own, "trace", "show", "--help")), " ")
	for _, want := range []string{"points (comma-separated values, a line for each point); text if not given.", "Known schemes: file;"} {
		if !strings.Contains(help, want) {
			t.Errorf("no %q in %s", want, help)
		}
	}
}
