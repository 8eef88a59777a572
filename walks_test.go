package sonde_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWalks tests the modules of docs/walks, which extend this one from outside:
// with what it exports, and without a change to it.
func TestWalks(t *testing.T) {
	modules, err := filepath.Glob("docs/walks/*/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatalf("%d walks, %v", len(modules), err)
	}
	for _, mod := range modules {
		t.Run(filepath.Base(filepath.Dir(mod)), func(t *testing.T) {
			cmd := exec.Command("go", "test", "./...")
			cmd.Dir = filepath.Dir(mod)
			cmd.Env = append(os.Environ(), "GOWORK=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

var shownCode = regexp.MustCompile("(?s)<!-- (\\S+) -->\n```go\n(.*?)```")

// TestPagesShowRealCode: the code of these pages is that of the files that they name.
func TestPagesShowRealCode(t *testing.T) {
	for _, name := range []string{"docs/extending.md", "docs/ways.md"} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		shown := shownCode.FindAllStringSubmatch(string(page), -1)
		if n := strings.Count(string(page), "```go"); n == 0 || n != len(shown) {
			t.Errorf("%s: %d pieces of code, %d of them say where they are from", name, n, len(shown))
		}
		for _, s := range shown {
			file, err := os.ReadFile(filepath.Join("docs", s[1]))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(file), s[2]) {
				t.Errorf("%s: this is not in %s:\n%s", name, s[1], s[2])
			}
		}
	}
}
