package gen

import (
	"bytes"
	"flag"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/wrapped/…_traced.go")

// configs are what is generated in testdata/wrapped.
func configs(dir string) []Config {
	const vault = "example.com/wrapped/vault."
	return []Config{
		{Dir: dir, Patterns: []string{"./..."}},
		{Dir: filepath.Join(dir, "outside"), Types: []string{vault + "Vault", vault + "Sealed"}, Options: Options{Name: "vault"}, Output: "vault_traced.go"},
	}
}

// TestGolden: the files are those that are committed, whether there are old ones or
// none, and whatever the old ones say.
func TestGolden(t *testing.T) {
	t.Setenv("GOWORK", "off")
	golden := map[string][]byte{}
	for _, c := range configs("testdata/wrapped") {
		if *update {
			if err := Run(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		files, err := Generate(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			golden[relativeTo(t, "testdata/wrapped", f.Path)] = f.Text
			if old, err := os.ReadFile(f.Path); err != nil || !bytes.Equal(old, f.Text) {
				t.Errorf("%s is not what is generated, %v: run go test -update\n%s", f.Path, err, f.Text)
			}
		}
	}
	// Without the old files the packages do not compile, and some of the imports have
	// no types but those made from their sources.
	dir := copied(t, "testdata/wrapped")
	for i, path := range slices.Sorted(maps.Keys(golden)) {
		old := filepath.Join(dir, path)
		if err := os.Remove(old); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			text := header + "\n\npackage " + filepath.Base(filepath.Dir(old)) + "\n\nfunc NewNamerTraced() {}\nvar x int = true\n"
			if err := os.WriteFile(old, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	had := 0
	for _, c := range configs(dir) {
		files, err := Generate(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			had++
			if want := golden[relativeTo(t, dir, f.Path)]; !bytes.Equal(f.Text, want) {
				t.Errorf("%s: got\n%s\nwant\n%s", f.Path, f.Text, want)
			}
		}
	}
	if had != len(golden) {
		t.Errorf("%d files, want %d", had, len(golden))
	}
}

func relativeTo(t *testing.T, dir, path string) string {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// copied is a copy of a module that asks for this checkout.
func copied(t *testing.T, module string) string {
	t.Helper()
	dir, root := t.TempDir(), absoluteOf(t, "../../..")
	err := filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(module, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rel), 0o777)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if rel == "go.mod" {
			text = bytes.ReplaceAll(text, []byte("=> ../../../../.."), []byte("=> "+root))
		}
		return os.WriteFile(filepath.Join(dir, rel), text, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func absoluteOf(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// TestExamples: what is committed in examples/traced is what is generated.
func TestExamples(t *testing.T) {
	const dir = "../../../examples/traced"
	for _, c := range []Config{
		{Dir: dir, Types: []string{"Repo"}, Output: "repo_traced.go"},
		{Dir: dir, Output: "rpc_traced.go"},
	} {
		files, err := Generate(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if old, err := os.ReadFile(files[0].Path); err != nil || !bytes.Equal(old, files[0].Text) {
			t.Errorf("%s is not what is generated, %v: run make generate\n%s", files[0].Path, err, files[0].Text)
		}
	}
}

// TestGoldenCompiles: what is generated is formatted, go vet finds nothing, and the
// tests of the wrapped types pass.
func TestGoldenCompiles(t *testing.T) {
	for _, args := range [][]string{{"gofmt", "-l", "."}, {"go", "vet", "./..."}, {"go", "test", "./..."}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = "testdata/wrapped"
		cmd.Env = append(os.Environ(), "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil || args[0] == "gofmt" && len(out) > 0 {
			t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestTracedFile(t *testing.T) {
	for file, want := range map[string]string{
		"/a/repo.go": "/a/repo_traced.go", "repo_linux.go": "repo_traced_linux.go", "repo_linux_amd64.go": "repo_traced_linux_amd64.go",
		"linux.go": "linux_traced.go", "a_b.go": "a_b_traced.go", "a_linux_b.go": "a_linux_b_traced.go", "x_amd64_linux.go": "x_traced_amd64_linux.go",
	} {
		if got := filepath.ToSlash(tracedFile(file)); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{"Repo": "repo", "HTTPClient": "http_client", "orderRepo": "order_repo", "V2API": "v2_api", "DB": "db", "ÄRepo": "ä_repo", "X": "x"} {
		if got := snake(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := slices.Sorted(slices.Values([]string{capital("repo"), capital("ä"), capital("")})); !slices.Equal(got, []string{"", "Repo", "Ä"}) {
		t.Error(got)
	}
}
