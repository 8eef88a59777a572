package gen

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

// loaded are the packages that a Config names, with their types.
type loaded struct {
	dir   string
	files *token.FileSet
	roots []*packages.Package // those of the patterns
	other map[string]*packages.Package
}

const shallow = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
	packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedModule

// load reads the packages of the patterns and those of Types with a path. Code that
// calls what is yet to be generated does not compile, so errors of types are no errors
// here; but an import that does not compile has no types unless they are made from its
// source, which takes longer and is done in this case only.
func load(ctx context.Context, c Config) (*loaded, error) {
	l := &loaded{dir: c.Dir, files: token.NewFileSet(), other: map[string]*packages.Package{}}
	patterns := c.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	paths := map[string]bool{}
	for _, name := range c.Types {
		if path, _ := splitType(name); path != "" {
			paths[path] = true
		}
	}
	all := patterns
	for path := range paths {
		all = append(all[:len(all):len(all)], path)
	}
	conf := packages.Config{Context: ctx, Mode: shallow, Dir: c.Dir, Fset: l.files}
	if c.Tags != "" {
		conf.BuildFlags = []string{"-tags=" + c.Tags}
	}
	found, err := packages.Load(&conf, all...)
	if err != nil {
		return nil, oneLine(err)
	}
	if hasErrors(found) {
		conf.Mode |= packages.NeedDeps
		if found, err = packages.Load(&conf, all...); err != nil {
			return nil, oneLine(err)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no go.mod here, or no package in %s", strings.Join(patterns, " "))
	}
	var wrong []*Error
	for _, p := range found {
		if p.PkgPath == "command-line-arguments" {
			return nil, fmt.Errorf("name a package, not files: %s", strings.Join(patternsOf(c), " "))
		}
		for _, e := range p.Errors {
			if e.Kind != packages.TypeError {
				wrong = append(wrong, l.ofPackage(e))
			}
		}
		if paths[p.PkgPath] {
			l.other[p.PkgPath] = p
		}
	}
	if err := joined(wrong); err != nil {
		return nil, err
	}
	// A path may also be one of the patterns, so ask which packages those are.
	roots := found
	if len(paths) > 0 {
		conf.Mode = packages.NeedName
		names, err := packages.Load(&conf, patterns...)
		if err != nil {
			return nil, oneLine(err)
		}
		of := map[string]bool{}
		for _, p := range names {
			of[p.ID] = true
		}
		roots = nil
		for _, p := range found {
			if of[p.ID] {
				roots = append(roots, p)
			}
		}
	}
	l.roots = roots
	return l, nil
}

func hasErrors(found []*packages.Package) bool {
	for _, p := range found {
		if len(p.Errors) > 0 {
			return true
		}
	}
	return false
}

func oneLine(err error) error {
	return fmt.Errorf("%s", strings.Join(strings.Fields(err.Error()), " "))
}

// ofPackage is an error of the go command or of the parser.
func (l *loaded) ofPackage(e packages.Error) *Error {
	out := &Error{Text: strings.Join(strings.Fields(e.Msg), " ")}
	var line, column int
	if i := strings.LastIndex(e.Pos, ".go:"); i >= 0 {
		_, _ = fmt.Sscanf(e.Pos[i+len(".go:"):], "%d:%d", &line, &column)
		file := e.Pos[:i+len(".go")]
		out.Pos = token.Position{Filename: l.relative(file), Line: line, Column: max(column, 1)}
		if ours(file) {
			out.Text += "; sonde gen has written this file, so delete it"
		}
	}
	return out
}

// relative is a file's name in an error.
func (l *loaded) relative(file string) string {
	if rel, err := filepath.Rel(l.dir, file); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return file
}

// wrong is an error at a place in the sources, or some bytes after it.
func (l *loaded) wrong(pos token.Pos, after int, format string, args ...any) *Error {
	p := l.files.Position(pos)
	if p.Filename != "" {
		p.Filename = l.relative(p.Filename)
	}
	p.Column += after
	p.Offset = 0
	return &Error{p, fmt.Sprintf(format, args...)}
}

// splitType is the path and the name of a type as --type has it; the path is "" for a
// type of the patterns' packages.
func splitType(name string) (path, typ string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// fileOf is the file of a package that holds pos, or nil.
func fileOf(p *packages.Package, pos token.Pos) *ast.File {
	for _, f := range p.Syntax {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// typeNamed is a type that a package declares, or nil.
func typeNamed(p *types.Package, name string) *types.TypeName {
	t, _ := p.Scope().Lookup(name).(*types.TypeName)
	return t
}
