// Package wrappers tests what "sonde gen" writes of types that others have made: it
// compiles, go vet finds nothing in it, and where the wrapped type's own tests can be
// run with the wrapper in its place, they pass.
package wrappers

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/cmd/internal/gen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// copied is a copy of the Go files in a folder.
func copied(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", from, len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, filepath.Base(file), string(text))
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// edit changes the files of a folder that match a pattern.
func edit(t *testing.T, dir, pattern string, change func(text string) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		changed := change(string(text))
		if changed == string(text) {
			t.Logf("%s stays as it is", filepath.Base(file))
		}
		put(t, dir, filepath.Base(file), changed)
	}
}

// asked makes a folder a module that asks for what cmd asks for, and for this checkout.
func asked(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, name, string(text))
	}
	run(t, dir, "go", "mod", "edit", "-module=example.com/wrappers", "-replace=github.com/sonde-go/sonde="+root(t),
		"-replace=github.com/sonde-go/sonde/relay="+filepath.Join(root(t), "relay"))
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// run is what a command prints in a folder.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// generate writes one file in a folder, and holds that gofmt has nothing to add.
func generate(t *testing.T, dir string, types ...string) {
	t.Helper()
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	if err := gen.Run(t.Context(), gen.Config{Dir: dir, Types: types, Output: "all_traced.go"}); err != nil {
		t.Fatal(err)
	}
	if out := run(t, dir, "gofmt", "-l", "all_traced.go"); out != "" {
		t.Errorf("not formatted: %s", out)
	}
}

var (
	passed  = regexp.MustCompile(`(?m)^--- PASS: (Test\w+)`)
	skipped = regexp.MustCompile(`(?m)^--- SKIP: (Test\w+)`)
)

// ownTests vets a folder's package, runs its tests, and returns how many passed.
func ownTests(t *testing.T, dir string) int {
	t.Helper()
	run(t, dir, "go", "vet", ".")
	out := run(t, dir, "go", "test", "-v", "-short", ".")
	n := len(passed.FindAllString(out, -1))
	t.Logf("%d tests have passed, and these were skipped: %q", n, skipped.FindAllString(out, -1))
	return n
}

// TestStandard: seven types of the standard library. The package in testdata has their
// tests: for slog.Handler it is testing/slogtest. Those of net and net/http are in
// packages that only the standard library can build.
func TestStandard(t *testing.T) {
	dir := copied(t, "testdata/std")
	asked(t, dir)
	generate(t, dir, "database/sql.DB", "database/sql.Conn", "database/sql/driver.ConnBeginTx",
		"net.Resolver", "net.Dialer", "net/http.Server", "log/slog.Handler")
	if n := ownTests(t, dir); n != 5 {
		t.Errorf("%d tests, want 5", n)
	}
}

// TestGRPC: a client that protoc-gen-go-grpc has generated passes gRPC's
// interoperability tests, which take a client.
func TestGRPC(t *testing.T) {
	dir := copied(t, "testdata/rpc")
	asked(t, dir)
	generate(t, dir, "google.golang.org/grpc/interop/grpc_testing.TestServiceClient")
	if n := ownTests(t, dir); n != 1 {
		t.Errorf("%d tests, want 1", n)
	}
}
