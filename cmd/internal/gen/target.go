package gen

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/token"
	"go/types"
	"io"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/sonde-go/sonde/internal/near"
)

// target is a type that is wrapped.
type target struct {
	Options
	pkg    *packages.Package // that the code is written for
	typ    *types.TypeName
	pos    token.Pos       // of what asks for it
	build  constraint.Expr // under which the type is there; nil: always
	output string
}

// named are the targets of --type.
func (l *loaded) named(c Config) (targets []*target, wrong []*Error) {
	for _, name := range c.Types {
		path, bare := splitType(name)
		var found []*target
		for _, p := range l.roots {
			from := p
			if path != "" {
				if from = l.other[path]; from == nil {
					continue
				}
			}
			if t := typeNamed(from.Types, bare); t != nil {
				found = append(found, &target{Options: c.Options, pkg: p, typ: t, pos: t.Pos()})
			}
		}
		switch {
		case len(found) == 0:
			wrong = append(wrong, l.noType(c, name))
			continue
		case len(found) > 1:
			wrong = append(wrong, &Error{Text: "the type " + clean(name) + " would be written to " + found[0].pkg.PkgPath + " and to " + found[1].pkg.PkgPath + ": name one package"})
			continue
		}
		t := found[0]
		folder := folderOf(t.pkg)
		if t.typ.Pkg() == t.pkg.Types {
			t.build = buildOf(fileOf(t.pkg, t.pos))
			t.output = tracedFile(l.files.Position(t.pos).Filename)
		} else {
			t.output = filepath.Join(folder, strings.ToLower(bare)+"_traced.go")
		}
		if c.Output != "" {
			t.output = absolute(c.Dir, c.Output)
		}
		targets = append(targets, t)
	}
	return targets, wrong
}

// noType is the error for a type that none of the packages has.
func (l *loaded) noType(c Config, name string) *Error {
	path, bare := splitType(name)
	out := &Error{Text: "there is no type " + clean(name) + " in " + strings.Join(patternsOf(c), " ")}
	in := l.roots
	if path != "" {
		in = []*packages.Package{l.other[path]}
	}
	for _, p := range in {
		switch file := elsewhere(p)[bare]; {
		case strings.HasSuffix(file, "_test.go"):
			out.Text += "; types of tests, as in " + l.relative(file) + ", are not wrapped"
			return out
		case file != "":
			out.Text += "; " + l.relative(file) + " is not built here, see GOOS, GOARCH and --tags"
			return out
		}
	}
	for _, p := range in {
		var known []string
		for _, name := range p.Types.Scope().Names() {
			if typeNamed(p.Types, name) != nil {
				known = append(known, name)
			}
		}
		if meant := near.Meant(bare, known); meant != "" {
			out.Text += meant
			return out
		}
	}
	return out
}

func patternsOf(c Config) []string {
	if len(c.Patterns) == 0 {
		return []string{"the package here"}
	}
	return c.Patterns
}

func absolute(dir, file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(dir, file)
}

// declared are the targets of the directives.
func (l *loaded) declared(c Config) (targets []*target, wrong []*Error) {
	for _, p := range l.roots {
		for _, f := range p.Syntax {
			found, faults := l.directives(p, f)
			wrong = append(wrong, faults...)
			for _, t := range found {
				t.build = buildOf(f)
				t.output = tracedFile(l.files.Position(f.Package).Filename)
				if c.Output != "" {
					t.output = absolute(c.Dir, c.Output)
				}
			}
			targets = append(targets, found...)
		}
		wrong = append(wrong, l.inTests(p)...)
	}
	if len(targets) == 0 && len(wrong) == 0 {
		wrong = append(wrong, &Error{Text: "there is no //sonde:trace directive in " + strings.Join(patternsOf(c), " ")})
	}
	if c.Output != "" {
		for _, t := range targets {
			if t.pkg != targets[0].pkg {
				return nil, []*Error{{Text: "one file cannot hold the types of " + targets[0].pkg.PkgPath + " and of " + t.pkg.PkgPath}}
			}
		}
	}
	return targets, wrong
}

// directives are those of a file. Each has to stand directly above a type.
func (l *loaded) directives(p *packages.Package, f *ast.File) (targets []*target, wrong []*Error) {
	types := map[*ast.CommentGroup]*ast.TypeSpec{}
	for _, decl := range f.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.TYPE {
			continue
		}
		for _, spec := range d.Specs {
			s := spec.(*ast.TypeSpec)
			if s.Doc != nil {
				types[s.Doc] = s
			} else if d.Doc != nil && !d.Lparen.IsValid() {
				types[d.Doc] = s
			}
		}
	}
	for _, group := range f.Comments {
		spec := types[group]
		had := false
		for _, comment := range group.List {
			if rest, ok := strings.CutPrefix(comment.Text, "//"); ok && spec != nil && strings.HasPrefix(strings.TrimLeft(rest, " \t"), prefix[2:]+verb) && !strings.HasPrefix(rest, "sonde:") {
				wrong = append(wrong, l.wrong(comment.Pos(), 2, "a directive begins with %s%s, without a blank", prefix, verb))
				continue
			}
			if !strings.HasPrefix(comment.Text, prefix) {
				continue
			}
			options, err := parseDirective(comment.Text)
			if err != nil {
				wrong = append(wrong, l.wrong(comment.Pos(), err.(*directiveError).at, "%v", err))
				continue
			}
			switch {
			case spec == nil:
				wrong = append(wrong, l.wrong(comment.Pos(), 0, "%s%s belongs directly above the type that is to be traced", prefix, verb))
				continue
			case had:
				wrong = append(wrong, l.wrong(comment.Pos(), 0, "%s has two directives", spec.Name.Name))
				continue
			}
			had = true
			if t := typeNamed(p.Types, spec.Name.Name); t != nil {
				targets = append(targets, &target{Options: options, pkg: p, typ: t, pos: comment.Pos()})
			}
		}
	}
	return targets, wrong
}

// buildOf is the //go:build line of a file.
func buildOf(f *ast.File) constraint.Expr {
	if f == nil {
		return nil
	}
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			if constraint.IsGoBuild(c.Text) {
				if expr, err := constraint.Parse(c.Text); err == nil {
					return expr
				}
			}
		}
	}
	return nil
}

// tracedFile is the file for what another one declares: repo_traced.go, or
// repo_traced_linux.go, since the end of a name is a build constraint too.
func tracedFile(file string) string {
	dir, base := filepath.Split(file)
	parts := strings.Split(strings.TrimSuffix(base, ".go"), "_")
	n := len(parts)
	for n > 1 && len(parts)-n < 2 && constrains(parts[n-1]) {
		n--
	}
	return dir + strings.Join(append(append(parts[:n:n], "traced"), parts[n:]...), "_") + ".go"
}

// constrains reports whether a file named x_part.go is built for some systems only.
func constrains(part string) bool {
	nowhere := build.Context{
		GOOS: "none", GOARCH: "none", Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package x\n")), nil },
	}
	match, err := nowhere.MatchFile(".", "x_"+part+".go")
	return err == nil && !match
}
