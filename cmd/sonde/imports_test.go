package main

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
)

var update = flag.Bool("update", false, "write ../../drivers/imports.txt")

// TestImports holds that the package drivers knows which import is missing for
// each scheme that the command has. go test -update writes that down.
func TestImports(t *testing.T) {
	var lines []string
	for _, s := range drivers.Schemes() {
		names := append([]string{s.Name}, s.Aliases...)
		if s.Secure != "" {
			names = append(names, s.Secure)
		}
		for _, name := range names {
			lines = append(lines, name+" "+s.Import+"\n")
		}
		if s.Doc == "" || s.Example == "" || strings.ContainsAny(s.Doc+s.Example, "\n\t") {
			t.Errorf("%s:// says of itself %q, %q", s.Name, s.Doc, s.Example)
		}
		if _, err := drivers.ParseURL(s.Example, drivers.Options{}); err != nil {
			t.Errorf("the example of %s://: %v", s.Name, err)
		}
	}
	slices.Sort(lines)
	const file = "../../drivers/imports.txt"
	want := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%s is not what the drivers say, %v: run go test -update\n%s", file, err, got)
	}
}
