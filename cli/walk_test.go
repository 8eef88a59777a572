package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// walk is a copy of one of testdata/walks: a module of its own that uses this
// one, as a stranger's does.
type walk struct {
	t      *testing.T
	source string
	dir    string
}

func newWalk(t *testing.T, name string) *walk {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{t, filepath.Join("testdata", "walks", name), t.TempDir()}
	if err := os.CopyFS(w.dir, os.DirFS(w.source)); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, "go.sum"), sums, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.run("go", "mod", "edit", "-replace", "github.com/sonde-go/sonde="+root)
	return w
}

// run runs a program in the copy, without a network, and returns what it
// prints.
func (w *walk) run(name string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), name, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.String()
}

// checkDocument wants the walk's files as they are in docs/extending.md.
func (w *walk) checkDocument(files ...string) {
	w.t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "docs", "extending.md"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range files {
		code, err := os.ReadFile(filepath.Join(w.source, name))
		if err != nil {
			w.t.Fatal(err)
		}
		if !bytes.Contains(doc, []byte("\n```go\n"+string(code)+"```\n")) {
			w.t.Errorf("docs/extending.md has not the code of %s", name)
		}
	}
}

// TestWalkOutput: an output form that another module has, in a command of its
// own, passes what our own forms pass.
func TestWalkOutput(t *testing.T) {
	w := newWalk(t, "csv")
	w.checkDocument("csv.go", "csv_test.go", "sonde/main.go")
	w.run("go", "test", "./...")
	w.run("go", "build", "-o", "own", "./sonde")

	traces := filepath.Join(t.TempDir(), "traces.jsonl")
	url := "file://" + traces
	command(t, "trace", "copy", "--from", store(t), "--to", url, checkout).checkFine(t, "")
	const want = "depth,name,kind,label,service,start_us,duration_us,error\n0,http,server,POST /checkout,cart,0,90000,\n"
	own := filepath.Join(w.dir, "own")
	if got := w.run(own, "trace", "show", checkout, "--format", "csv", "--connection-string", url); got != want {
		t.Errorf("got %s", got)
	}
	if got := w.run(own, "trace", "show", "--help"); !strings.Contains(strings.Join(strings.Fields(got), " "), "csv (comma-separated values, a line for each point); text if not given. --json") ||
		!strings.Contains(strings.Join(strings.Fields(got), " "), "Known schemes: file.") {
		t.Errorf("got %s", got)
	}
}
