package gen

import (
	"bytes"
	"go/build"
	"os"
	"path/filepath"
	"strings"
)

// place says what is wrong with the file that a target is to be written to.
func (l *loaded) place(t *target) *Error {
	file, pkg := l.relative(t.output), t.pkg
	here, there := folderOf(pkg), filepath.Dir(t.output)
	switch {
	case pkg.Module != nil && !pkg.Module.Main, isStandard(here):
		return &Error{Text: pkg.PkgPath + " is not a package of this module: to wrap a type of it in the package here, use --type " + pkg.PkgPath + "." + t.typ.Name()}
	case filepath.Ext(file) != ".go":
		return &Error{Text: file + " is no name of a Go file"}
	case !sameFolder(here, there):
		return &Error{Text: file + " is not in the folder of package " + pkg.PkgPath + ": name a file in " + l.relative(here) + ", or wrap it for the package there with --type " + t.typ.Pkg().Path() + "." + t.typ.Name()}
	}
	if old, err := os.ReadFile(t.output); err == nil && !isOurs(old) {
		return &Error{Text: file + " is not a file of sonde gen, so it stays: name another one with -o"}
	}
	return nil
}

// ours reports whether a file is one that sonde gen has written.
func ours(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && isOurs(text)
}

// isOurs looks for the header on any line: above it may stand what a merge has left.
func isOurs(text []byte) bool {
	for line := range bytes.Lines(text) {
		if string(bytes.TrimSpace(line)) == header {
			return true
		}
	}
	return false
}

func isStandard(dir string) bool {
	return build.Default.GOROOT != "" && strings.HasPrefix(dir, filepath.Join(build.Default.GOROOT, "src")+string(filepath.Separator))
}

func sameFolder(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
