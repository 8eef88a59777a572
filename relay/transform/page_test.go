package transform

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentsExample reads the rules of docs/relay.md.
func TestTheDocumentsExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/relay.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/relay.md has no rules")
	}
	r := rules(t, text)
	e := event(t, `{"db":{"statement":"SELECT 1","params":["a"]},"card":"4111111111111111","host":"h"}`)
	if !r.Apply(&e) {
		t.Fatal("the record was dropped")
	}
	if got, want := string(e.JSON()), `"info":{"region":"eu-1","canary":false,"db":{"statement":"SELECT 1","params":"***"},"card":"***","host":"h"}`; !strings.Contains(got, want) {
		t.Errorf("%s has no %s", got, want)
	}
	if !strings.Contains(string(e.JSON()), `"query-start"`) {
		t.Errorf("%s is not renamed", e.JSON())
	}
}
