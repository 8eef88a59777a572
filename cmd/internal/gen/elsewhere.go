package gen

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// elsewhere are the names that a package declares in files which are not built here,
// those of its tests and of other systems, each with its file. The file that is written
// is built together with them some time.
func elsewhere(p *packages.Package) map[string]string {
	names := map[string]string{}
	for _, file := range unbuilt(p) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil || f.Name.Name != p.Name {
			continue
		}
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = file
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = file
					case *ast.ValueSpec:
						for _, name := range s.Names {
							names[name.Name] = file
						}
					}
				}
			}
		}
	}
	return names
}

// inTests are the directives in a package's test files, which nothing comes of.
func (l *loaded) inTests(p *packages.Package) (wrong []*Error) {
	for _, file := range unbuilt(p) {
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasSuffix(file, "_test.go") || !bytes.Contains(text, []byte(prefix+verb)) {
			continue
		}
		f, _ := parser.ParseFile(l.files, file, text, parser.ParseComments|parser.SkipObjectResolution)
		if f == nil {
			continue
		}
		for _, group := range f.Comments {
			for _, comment := range group.List {
				if strings.HasPrefix(comment.Text, prefix+verb) {
					wrong = append(wrong, l.wrong(comment.Pos(), 0, "types of tests are not wrapped: declare this one in another file"))
				}
			}
		}
	}
	return wrong
}

// unbuilt are the Go files in the folder of a package that are not built here.
func unbuilt(p *packages.Package) (files []string) {
	all, _ := filepath.Glob(filepath.Join(folderOf(p), "*.go"))
	for _, file := range all {
		if !slices.Contains(p.GoFiles, file) {
			files = append(files, file)
		}
	}
	return files
}

// folderOf is where the files of a package are. A driver of go/packages may leave Dir
// out.
func folderOf(p *packages.Package) string {
	if p.Dir == "" && len(p.GoFiles) > 0 {
		return filepath.Dir(p.GoFiles[0])
	}
	return p.Dir
}
