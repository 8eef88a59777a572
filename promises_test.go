package sonde_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	promise   = regexp.MustCompile(`(?m)^- \*\*(.*)\.\*\*`)
	promised  = regexp.MustCompile(`(?m)^\| ([A-Z][^|]*) \| (.*Test.*) \|$`)
	namedTest = regexp.MustCompile("`([a-z/]+)/(Test\\w+)`")
)

// TestPromisesNameTests: each promise of README names its tests, and there are tests
// of these names.
func TestPromisesNameTests(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## What it promises\n")
	section, _, _ = strings.Cut(section, "\n## ")
	tests := map[string]string{}
	for _, row := range promised.FindAllStringSubmatch(section, -1) {
		tests[row[1]] = row[2]
	}
	promises := promise.FindAllStringSubmatch(section, -1)
	if len(promises) < 5 || len(tests) != len(promises) {
		t.Errorf("%d promises, %d rows of tests", len(promises), len(tests))
	}
	for _, p := range promises {
		named := namedTest.FindAllStringSubmatch(tests[p[1]], -1)
		if len(named) == 0 {
			t.Errorf("no test is named for %q", p[1])
		}
		for _, n := range named {
			if !hasTest(t, n[1], n[2]) {
				t.Errorf("%q: there is no %s in %s", p[1], n[2], n[1])
			}
		}
	}
}

// hasTest reports whether a folder has a test of this name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
