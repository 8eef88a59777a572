package findings_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report/findings"
)

// TestDocs: docs/findings.md has a chapter for each kind, in the order in which
// they are said.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "### "); ok {
			got = append(got, kind)
		}
	}
	var want []string
	for _, k := range findings.Kinds() {
		want = append(want, string(k))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("chapters %q, want %q", got, want)
	}
}
