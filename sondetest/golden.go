package sondetest

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

// Golden demands that what was recorded is what the file says: the points as a
// tree, in the order in which they began, equal ones in a row counted, without
// times, ids and arguments. What depends on a database's pool is left out: that a
// connection was made or a statement prepared.
//
//	http GET /cart/*
//	  db SELECT * FROM carts WHERE id = ?
//	  db SELECT * FROM products WHERE id = ? ×3
//
// A test run with SONDETEST_UPDATE=1 in its environment, or with the flag -update if
// the test has a bool flag of that name, writes the file instead.
func (t *Trace) Golden(file string) {
	t.t.Helper()
	t.golden(file, false)
}

// GoldenUnordered is [Trace.Golden] for code that works on several things at once:
// siblings are sorted by their names.
func (t *Trace) GoldenUnordered(file string) {
	t.t.Helper()
	t.golden(file, true)
}

const howToUpdate = "SONDETEST_UPDATE=1"

// updating says whether files are to be written. Most tests with golden files have
// a flag for that.
func updating() bool {
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		return true
	}
	return os.Getenv("SONDETEST_UPDATE") == "1"
}

func (t *Trace) golden(file string, sorted bool) {
	t.t.Helper()
	var got strings.Builder
	for root := range t.r.Roots() {
		for _, line := range t.outline(root, sorted) {
			got.WriteString(line + "\n")
		}
	}
	if updating() {
		if err := writeFile(file, []byte(got.String())); err != nil {
			t.t.Errorf("sondetest: %v", err)
		}
		return
	}
	want, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.failf("there is no %s; %s writes it", file, howToUpdate)
	case err != nil:
		t.t.Errorf("sondetest: %v", err)
	default:
		if text := strings.ReplaceAll(string(want), "\r\n", "\n"); text != got.String() {
			t.failf("not what %s says (%s writes it anew):\n%s", file, howToUpdate, difference(text, got.String()))
		}
	}
}

// outline are the lines of what is below p.
func (t *Trace) outline(p *report.Point, sorted bool) (lines []string) {
	var below []string // an entry for each child
	for c := range t.r.Children(p) {
		if ofPool(c) {
			continue
		}
		name := t.name(c)
		if c.Service != p.Service {
			name += " (" + terminal.Clean(c.Service) + ")"
		}
		below = append(below, strings.Join(append([]string{name}, indented(t.outline(c, sorted))...), "\n"))
	}
	if sorted {
		slices.Sort(below)
	}
	for i := 0; i < len(below); {
		n := 1
		for i+n < len(below) && below[i+n] == below[i] {
			n++
		}
		head, rest, more := strings.Cut(below[i], "\n")
		if n > 1 {
			head += fmt.Sprintf(" ×%d", n)
		}
		lines = append(lines, head)
		if more {
			lines = append(lines, strings.Split(rest, "\n")...)
		}
		i += n
	}
	return lines
}

func indented(lines []string) []string {
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return lines
}

// difference shows the lines that two texts do not share at their beginnings and
// ends, with a line before them.
func difference(want, got string) string {
	w, g := strings.Split(strings.TrimSuffix(want, "\n"), "\n"), strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	head := 0
	for head < min(len(w), len(g)) && w[head] == g[head] {
		head++
	}
	for len(w) > head && len(g) > head && w[len(w)-1] == g[len(g)-1] {
		w, g = w[:len(w)-1], g[:len(g)-1]
	}
	var b strings.Builder
	if head > 0 {
		b.WriteString("  " + w[head-1] + "\n")
	}
	for _, line := range w[head:] {
		b.WriteString("- " + line + "\n")
	}
	for _, line := range g[head:] {
		b.WriteString("+ " + line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// writeFile writes a file, and the folders that it is in.
func writeFile(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
