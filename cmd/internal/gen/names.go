package gen

import (
	"go/token"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scope are names that are taken.
type scope map[string]bool

// take returns a name like the one wanted that was free, and takes it.
func (s scope) take(want string) string {
	name := want
	for n := 2; s[name] || token.IsKeyword(name) || name == "_" || name == ""; n++ {
		name = want + strconv.Itoa(n)
	}
	s[name] = true
	return name
}

// imports are those of the file that is written.
type imports struct {
	target *types.Package
	taken  scope             // names at the top of the file
	names  map[string]string // of packages, by path
	kinds  map[string]string // the packages' own names
}

func newImports(target *types.Package) *imports {
	im := &imports{target: target, taken: scope{}, names: map[string]string{}, kinds: map[string]string{}}
	for _, name := range target.Scope().Names() {
		im.taken[name] = true
	}
	for _, name := range types.Universe.Names() {
		im.taken[name] = true
	}
	return im
}

// of is the name under which the file imports a package.
func (im *imports) of(importPath, name string) string {
	if had, ok := im.names[importPath]; ok {
		return had
	}
	im.names[importPath], im.kinds[importPath] = im.taken.take(name), name
	return im.names[importPath]
}

// qualify is for types.TypeString.
func (im *imports) qualify(p *types.Package) string {
	if p == im.target || p.Path() == im.target.Path() {
		return ""
	}
	return im.of(p.Path(), p.Name())
}

// text are the import declarations, the standard library's first.
func (im *imports) text() string {
	var standard, others []string
	for importPath, name := range im.names {
		line := strconv.Quote(importPath)
		if name != im.kinds[importPath] || name != path.Base(importPath) {
			line = name + " " + line
		}
		if first, _, _ := strings.Cut(importPath, "/"); strings.Contains(first, ".") {
			others = append(others, line)
		} else {
			standard = append(standard, line)
		}
	}
	byPath := func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, '"'):], b[strings.IndexByte(b, '"'):])
	}
	slices.SortFunc(standard, byPath)
	slices.SortFunc(others, byPath)
	return "import (\n" + strings.Join(standard, "\n") + "\n\n" + strings.Join(others, "\n") + "\n)\n"
}

// snake is a name of a type as one of points: HTTPClient is http_client.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || unicode.IsDigit(letters[i-1]) || i+1 < len(letters) && unicode.IsUpper(letters[i-1]) && unicode.IsLower(letters[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// capital is a name with its first letter in upper case.
func capital(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[size:]
}
