package gen

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module is a folder with a module of these files, which imports nothing.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	files["go.mod"] = "module example.com/m\n\ngo 1.24\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const repo = "package m\n\nimport \"context\"\n\n"

// TestErrors: each is a line that begins with the place, and says what to do.
func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		source string
		config Config
		want   string
	}{
		"typo":           {repo + "//sonde:trace nmae=rpc\ntype R interface{ F(context.Context) }\n", Config{}, "m.go:5:15: there is no option nmae; did you mean name?; " + allowed},
		"verb":           {repo + "//sonde:trcae\ntype R interface{ F(context.Context) }\n", Config{}, "m.go:5:9: there is no directive //sonde:trcae; did you mean trace?"},
		"blank":          {repo + "// sonde:trace name=x\ntype R interface{ F(context.Context) }\n", Config{}, "m.go:5:3: a directive begins with //sonde:trace, without a blank"},
		"on a function":  {repo + "//sonde:trace\nfunc F(context.Context) {}\n", Config{}, "m.go:5:1: //sonde:trace belongs directly above the type that is to be traced"},
		"above a blank":  {repo + "//sonde:trace\n\ntype R interface{ F(context.Context) }\n", Config{}, "m.go:5:1: //sonde:trace belongs directly above the type that is to be traced"},
		"two":            {repo + "//sonde:trace\n//sonde:trace name=x\ntype R interface{ F(context.Context) }\n", Config{}, "m.go:6:1: R has two directives"},
		"two mistakes":   {repo + "//sonde:trace x\ntype R interface{ F(context.Context) }\n\n//sonde:trace y\ntype S interface{ F(context.Context) }\n", Config{}, "m.go:5:15: there is no option x; " + allowed + "\nm.go:8:15: there is no option y; " + allowed},
		"no context":     {repo + "//sonde:trace\ntype R interface{ F(int) }\nvar _ context.Context\n", Config{}, "m.go:5:1: R has no method that takes a context.Context"},
		"private":        {repo + "//sonde:trace\ntype R interface{ f(context.Context) }\n", Config{}, "m.go:5:1: R has no exported method that takes a context.Context; trace_private is for the others"},
		"no methods":     {repo + "//sonde:trace\ntype R = []context.Context\n", Config{}, "m.go:5:1: R has no methods"},
		"to a pointer":   {repo + "//sonde:trace\ntype R = *S\ntype S struct{ c context.Context }\n", Config{}, "m.go:5:1: R stands for a pointer: name the type that it points to"},
		"generic alias":  {repo + "//sonde:trace\ntype R[T any] = S[T]\ntype S[T any] interface{ F(context.Context, T) }\n", Config{}, "m.go:5:1: R is an alias with type parameters: name the type that it stands for"},
		"pointer":        {repo + "//sonde:trace\ntype R *S\ntype S struct{ c context.Context }\n", Config{}, "m.go:5:1: R is a pointer, which has no methods"},
		"constraint":     {repo + "//sonde:trace\ntype R interface{ ~int; F(context.Context) }\n", Config{}, "m.go:5:1: R is a constraint, of which there are no values"},
		"unknown type":   {repo + "//sonde:trace\ntype R interface {\n\tF(context.Context, Missing) error\n}\n", Config{}, "m.go:7:2: the method F of R has a type that is not known: go build tells which"},
		"type parameter": {repo + "//sonde:trace\ntype R[S any] interface{ F(context.Context, S) }\ntype S int\n", Config{}, "m.go:5:1: the type parameter S of R has the name of something in package m: rename it"},
		"taken":          {repo + "//sonde:trace\ntype R interface{ F(context.Context) }\nfunc NewRTraced() {}\n", Config{}, "m.go:5:1: NewRTraced is declared already, at m.go:7: give another name with as"},
		"same name":      {repo + "//sonde:trace as=X\ntype R interface{ F(context.Context) }\n//sonde:trace as=X\ntype S interface{ F(context.Context) }\n", Config{}, "m.go:7:1: R and S would both be written as X: give one another name"},
		"syntax":         {repo + "type R interface{ F(\n", Config{}, "m.go:5:22: expected ')', found 'EOF'"},
		"none":           {repo + "type R interface{ F(context.Context) }\n", Config{}, "there is no //sonde:trace directive in the package here"},
		"unknown":        {repo + "type R interface{ F(context.Context) }\n", Config{Types: []string{"S"}}, "there is no type S in the package here; did you mean R?"},
		"unknown there":  {repo, Config{Types: []string{"io.Raeder"}, Patterns: []string{"./..."}}, "there is no type io.Raeder in ./...; did you mean Reader?"},
		"options":        {repo, Config{Options: Options{HideArgs: true}}, "without --type the options are those of the //sonde:trace directives"},
		"as of two":      {repo, Config{Types: []string{"R", "S"}, Options: Options{As: "X"}}, "--as names one type, so --type has to name one too"},
		"bad as":         {repo, Config{Types: []string{"R"}, Options: Options{As: "X Y"}}, "--as: as=X Y is no name of a type"},
		"predeclared":    {repo + "//sonde:trace as=error\ntype R interface{ F(context.Context) }\n", Config{}, "m.go:5:18: as=error is no name of a type"},
		"init":           {repo, Config{Types: []string{"R"}, Options: Options{As: "init"}}, "--as: as=init is no name of a type"},
		"source":         {repo + "type R interface{ F(context.Context) }\n", Config{Types: []string{"R"}, Output: "m.go"}, "m.go is not a file of sonde gen, so it stays: name another one with -o"},
		"no Go file":     {repo + "type R interface{ F(context.Context) }\n", Config{Types: []string{"R"}, Output: "traced"}, "traced is no name of a Go file"},
		"elsewhere":      {repo + "type R interface{ F(context.Context) }\n", Config{Types: []string{"R"}, Output: "spies/r.go"}, "spies/r.go is not in the folder of package example.com/m: name a file in ., or wrap it for the package there with --type example.com/m.R"},
		"standard":       {repo, Config{Types: []string{"DB"}, Patterns: []string{"database/sql"}}, "database/sql is not a package of this module: to wrap a type of it in the package here, use --type database/sql.DB"},
		"files":          {repo, Config{Types: []string{"R"}, Patterns: []string{"m.go"}}, "name a package, not files: m.go"},
		"bad name":       {repo, Config{Types: []string{"R"}, Options: Options{Name: "a-b"}}, "--name: name=a-b has a dash, at which readers cut names: write a_b"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.config.Dir = module(t, map[string]string{"m.go": tt.source})
			before := listing(t, tt.config.Dir)
			err := Run(t.Context(), tt.config)
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); got != tt.want && (name != "syntax" || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if after := listing(t, tt.config.Dir); after != before {
				t.Errorf("files were written: %s", after)
			}
		})
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(files, " ")
}

// TestNoPackage: what the go command says is an error.
func TestNoPackage(t *testing.T) {
	dir := module(t, map[string]string{"m.go": repo})
	for want, c := range map[string]Config{
		"nowhere": {Dir: dir, Patterns: []string{"./nowhere"}},
		"no/such": {Dir: dir, Types: []string{"no/such.Type"}},
	} {
		if err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestUnchanged: a file that is current is not written again.
func TestUnchanged(t *testing.T) {
	dir := module(t, map[string]string{"m.go": repo + "//sonde:trace\ntype R interface{ F(context.Context) }\n"})
	if err := Run(t.Context(), Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "m_traced.go")
	if err := os.Chmod(file, 0o444); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(file); err != nil || after.ModTime() != before.ModTime() {
		t.Errorf("written again: %v, %v", after, err)
	}
}

// TestVendored: in a module with a vendor folder the types are those of the folder,
// and so are the paths of the imports.
func TestVendored(t *testing.T) {
	dir := module(t, map[string]string{
		"m.go":                          "package m\n\nimport \"example.com/dep\"\n\n//sonde:trace\ntype R interface{ dep.Doer }\n",
		"vendor/example.com/dep/dep.go": "package dep\n\nimport \"context\"\n\ntype Thing int\n\ntype Doer interface{ Do(ctx context.Context, t Thing) error }\n",
		"vendor/modules.txt":            "# example.com/dep v1.0.0\n## explicit; go 1.24\nexample.com/dep\n",
	})
	gomod := "module example.com/m\n\ngo 1.24\n\nrequire example.com/dep v1.0.0\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(gomod), 0o666); err != nil {
		t.Fatal(err)
	}
	files, err := Generate(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\t\"example.com/dep\"\n", "Do(ctx context.Context, t dep.Thing) error"} {
		if !strings.Contains(string(files[0].Text), want) {
			t.Errorf("no %q in\n%s", want, files[0].Text)
		}
	}
}

// TestTags: a type with a build constraint is found with its tag, and the constraint is
// that of the generated file too.
func TestTags(t *testing.T) {
	dir := module(t, map[string]string{"m.go": "//go:build slow || tiny\n\n" + repo + "//sonde:trace\ntype R interface{ F(context.Context) }\n", "n.go": "package m\n"})
	if err := Run(t.Context(), Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "no //sonde:trace directive") {
		t.Errorf("without the tag: %v", err)
	}
	for _, c := range []Config{{Dir: dir, Tags: "slow"}, {Dir: dir, Tags: "tiny", Types: []string{"R"}}} {
		files, err := Generate(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(files[0].Text); !strings.HasPrefix(text, header+"\n\n//go:build slow || tiny\n\npackage m\n") {
			t.Errorf("%+v: %s", c, text)
		}
	}
}

// TestOtherFiles: errors name the files that are not built here, and those that an
// earlier run has written; and no import has the name of what a test declares.
func TestOtherFiles(t *testing.T) {
	dir := module(t, map[string]string{
		"m.go":         repo + "//sonde:trace\ntype R interface{ F(context.Context) }\n",
		"m_windows.go": repo + "type W interface{ F(context.Context) }\n",
		"m_test.go":    repo + "type T interface{ F(context.Context) }\n\nvar slog, profiler = 1, 2\n",
		"x_test.go":    "package m_test\n\nvar context = 1\n",
	})
	t.Setenv("GOOS", "linux")
	const test = "package m_test\n\n//sonde:trace\ntype T interface{}\n"
	tests := module(t, map[string]string{"m.go": repo + "//sonde:trace\ntype R interface{ F(context.Context) }\n", "m_test.go": test, "n_test.go": "package m\n\nvar _ = `\n//sonde:trace`\n"})
	if err := Run(t.Context(), Config{Dir: tests}); err == nil || err.Error() != "m_test.go:3:1: types of tests are not wrapped: declare this one in another file" {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"W": "there is no type W in the package here; m_windows.go is not built here, see GOOS, GOARCH and --tags",
		"T": "there is no type T in the package here; types of tests, as in m_test.go, are not wrapped",
	} {
		if err := Run(t.Context(), Config{Dir: dir, Types: []string{name}}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := Run(t.Context(), Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "m_traced.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\t\"context\"\n", "slog2 \"log/slog\"", "profiler2 \"github.com/sonde-go/sonde/profiler\""} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	const stale = "m.go:6:6: RTraced is declared already, at m_traced.go:13: sonde gen has written that file, so delete it, or give another name with as\n"
	if err := Run(t.Context(), Config{Dir: dir, Types: []string{"R"}, Output: "other.go"}); err == nil || !strings.HasPrefix(err.Error(), stale) {
		t.Errorf("%v, want %s", err, stale)
	}
	if err := os.WriteFile(file, append([]byte("<<<<<<< HEAD\n"), text...), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), Config{Dir: dir}); err == nil || !strings.HasPrefix(err.Error(), "m_traced.go:1:1: ") || !strings.Contains(err.Error(), "; sonde gen has written this file, so delete it") {
		t.Error(err)
	}
}

// TestOtherPackages: what a package cannot name of another one is an error.
func TestOtherPackages(t *testing.T) {
	dir := module(t, map[string]string{
		"m.go":              "package m\n",
		"dep/dep.go":        "package dep\n\nimport \"context\"\n\ntype key interface{ ~string }\n\ntype Cache[K key] struct{}\n\nfunc (Cache[K]) Get(context.Context, K) {}\n\ntype repo interface{ F(context.Context) }\n",
		"dep/internal/i.go": "package i\n\nimport \"context\"\n\ntype R interface{ F(context.Context) }\n",
	})
	for name, want := range map[string]string{
		"dep.repo":       "dep/dep.go:11:6: package m cannot name example.com/m/dep.repo",
		"dep.Cache":      "dep/dep.go:7:6: package m cannot name the constraint example.com/m/dep.key of Cache",
		"dep/internal.R": "dep/internal/i.go:5:6: package m cannot name example.com/m/dep/internal.R",
	} {
		if err := Run(t.Context(), Config{Dir: dir, Types: []string{"example.com/m/" + name}}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestNoModule: outside of a module there is no package.
func TestNoModule(t *testing.T) {
	t.Setenv("GOWORK", "off")
	if err := Run(t.Context(), Config{Dir: t.TempDir()}); err == nil || err.Error() != "there is no go.mod here, or no package in ." {
		t.Error(err)
	}
}
