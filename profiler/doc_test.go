package profiler_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocListsEveryFunction: the package comment tells programs and layers apart,
// and each function and method is in exactly one of its two lists.
func TestDocListsEveryFunction(t *testing.T) {
	files := token.NewFileSet()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []*ast.File
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	p, err := doc.NewFromFiles(files, all, "github.com/sonde-go/sonde/profiler")
	if err != nil {
		t.Fatal(err)
	}
	_, lists, found := strings.Cut(p.Doc, "# For programs\n")
	programs, rest, found2 := strings.Cut(lists, "# For layers\n")
	layers, _, found3 := strings.Cut(rest, "\n# ")
	if !found || !found2 || !found3 {
		t.Fatal("the package comment has no sections for programs and for layers")
	}
	var names []string
	for _, f := range p.Funcs {
		names = append(names, f.Name)
	}
	for _, typ := range p.Types {
		for _, f := range typ.Funcs {
			names = append(names, f.Name)
		}
		for _, m := range typ.Methods {
			names = append(names, typ.Name+"."+m.Name)
		}
	}
	if len(names) < 30 {
		t.Errorf("only %d functions were found: %v", len(names), names)
	}
	for _, name := range names {
		if name == "Dropped.Total" {
			continue // a sum, which needs no guide
		}
		link := "[" + name + "]"
		if in := strings.Contains(programs, link); in == strings.Contains(layers, link) {
			t.Errorf("%s is in both lists or in neither", link)
		}
	}
}
