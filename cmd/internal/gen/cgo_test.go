package gen

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
)

// TestCgo: in a package with import "C" methods are traced, but those with types of C's,
// which the file that is written cannot name; if there are no others it is an error.
func TestCgo(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		servertest.Missing(t, "C compiler", "install gcc")
	}
	t.Setenv("CGO_ENABLED", "1")
	const source = "package m\n\n// typedef int number;\nimport \"C\"\nimport \"context\"\n\n//sonde:trace\ntype Repo struct{}\n\n" +
		"func (Repo) Raw(ctx context.Context, n C.int, p *C.char) C.number { return C.number(n) }\n"
	dir := module(t, map[string]string{"m.go": source + "func (Repo) Twice(ctx context.Context, n int) int { return 2 * int(C.int(n)) }\n"})
	if err := Run(t.Context(), Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "m_traced.go"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); strings.Contains(got, "_C") || !strings.Contains(got, ") Twice(") || !strings.Contains(got, "cannot name their types: Raw.") {
		t.Errorf("%s", got)
	}
	const want = "m.go:7:1: every method of Repo that takes a context has types that package m cannot name"
	if err := Run(t.Context(), Config{Dir: module(t, map[string]string{"m.go": source})}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
