package sonde_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sonde-go/sonde"

type goPackage struct {
	ImportPath   string
	Name         string
	Standard     bool
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

// listPackages reads what the go command says of the packages of all modules of
// go.work and of all that they link.
func listPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Standard,GoFiles,Imports,TestImports,XTestImports,Deps", "work")
	cmd.Env = append(os.Environ(), "GOWORK=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	all := map[string]goPackage{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// room is the part of an import path of this module that names its room, "."
// for the root; false for a package of another module.
func room(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, module)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	if rest == "" {
		return ".", true
	}
	return rest[1:], true
}

func in(room string, rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return room == r || strings.HasPrefix(room, r+"/") })
}

// mayImport says which rooms each room may import, the internal ones apart.
// The first prefix that fits decides.
var mayImport = []struct {
	room string
	may  []string
}{
	{"header", nil},
	{"record", []string{"header"}},
	{"layer", []string{"header", "record"}},
	{"profiler/profilertest", []string{"header", "layer", "record", "profiler"}},
	{"profiler", []string{"header", "record", "layer"}},
	{"sampling/natscontrol", []string{"header", "sampling"}},
	{"sampling", []string{"header", "layer", "record", "profiler"}},
	{"middleware/http", []string{"header", "layer", "profiler", "middleware/http"}},
	{"middleware/connect", []string{"header", "layer", "profiler"}},
	{"middleware/grpc", []string{"header", "layer", "profiler", "middleware/grpc"}},
	{"sqltrace/otelsql", []string{"header", "layer", "profiler", "sqltrace", "oteltrace"}},
	{"sqltrace", []string{"header", "layer", "profiler", "sqltrace"}},
	{"redistrace", []string{"layer", "profiler"}},
	{"mongotrace", []string{"layer", "profiler"}},
	{"rpctrace", []string{"header", "layer", "profiler", "rpctrace"}},
	{"oteltrace/export", []string{"header", "layer", "record", "oteltrace"}},
	{"oteltrace", []string{"header", "layer", "profiler", "oteltrace"}},
	{"slogtrace", []string{"header", "profiler"}},
	{"drivers/driver", []string{"record"}},
	{"drivers/kit", []string{"header", "record", "drivers/driver"}},
	{"drivers/internal/load", []string{"profiler", "drivers"}},                      // for tests
	{"drivers/internal/sqltest", []string{"header", "record", "drivers", "report"}}, // for tests
	{"drivers/drivertest", []string{"header", "record", "drivers", "report"}},       // for tests
	{"drivers", []string{"header", "record", "layer", "drivers"}},
	{"relay", []string{"header", "record", "layer", "drivers", "relay"}},
	{"report/profile", []string{"record", "report", "report/findings"}},
	{"report/diff", []string{"report/profile"}},
	{"report", []string{"header", "record", "layer", "report"}},
	{"sondetest", []string{"header", "layer", "record", "profiler", "report"}},
	{"ui", []string{"drivers", "report"}},
	{"cli", []string{".", "header", "record", "drivers", "report", "ui"}},
	{".", []string{"header", "layer", "profiler", "sampling", "drivers"}},
}

// TestImportsPointDown holds the order of the rooms.
func TestImportsPointDown(t *testing.T) {
	used := map[string]bool{}
	for path, p := range listPackages(t) {
		r, ours := room(path)
		if !ours || in(r, "internal", "cmd", "examples") {
			continue
		}
		i := slices.IndexFunc(mayImport, func(m struct {
			room string
			may  []string
		}) bool {
			return in(r, m.room)
		})
		if i < 0 {
			t.Errorf("%s is in no room", path)
			continue
		}
		used[mayImport[i].room] = true
		for _, imp := range p.Imports {
			if to, ours := room(imp); ours && !in(to, "internal") && !in(to, mayImport[i].may...) {
				t.Errorf("%s imports %s", path, imp)
			}
		}
	}
	for _, m := range mayImport {
		if !used[m.room] {
			t.Errorf("there is a rule for the room %s, and no package in it", m.room)
		}
	}
}

// feeding are what tests feed stores with, through the profiler's queue, whose
// accounts have to balance whatever happens to the store.
var feeding = []string{"drivers/internal/load", "drivers/drivertest/faults", "drivers/internal/sqltest"}

// TestReadersLinkNoProfiler: what stores and shows records links nothing that
// makes them, but for what only tests import.
func TestReadersLinkNoProfiler(t *testing.T) {
	checked := 0
	for path, p := range listPackages(t) {
		r, ours := room(path)
		if !ours || !in(r, "drivers", "report") || in(r, feeding...) {
			continue
		}
		checked++
		if slices.Contains(p.Deps, module+"/profiler") {
			t.Errorf("%s links profiler", path)
		}
	}
	if checked < 10 {
		t.Errorf("only %d packages were checked", checked)
	}
}

// TestProgramsLinkNoTestKit: these kits import testing, whose flags no program
// should have, so only tests import them.
func TestProgramsLinkNoTestKit(t *testing.T) {
	all := listPackages(t)
	kits := append(slices.Clone(feeding), "profiler/profilertest", "report/outputtest", "sondetest")
	for _, r := range kits {
		kit := module + "/" + r
		if _, ok := all[kit]; !ok {
			t.Fatalf("there is no package %s", kit)
		}
		for path, p := range all {
			if by, ours := room(path); slices.Contains(p.Imports, kit) && !(ours && in(by, kits...)) {
				t.Errorf("%s imports %s outside of its tests", path, kit)
			}
		}
	}
}

// TestLightRooms: who uses these rooms links no module that a plain program
// of the kind would not have.
func TestLightRooms(t *testing.T) {
	all := listPackages(t)
	for r, modules := range map[string][]string{
		"header":            nil,
		"record":            nil,
		"layer":             nil,
		"profiler":          nil,
		"middleware/http":   nil,
		"sqltrace":          nil,
		"drivers":           nil,
		"drivers/agent":     nil,
		"report":            nil,
		"report/findings":   nil,
		"report/profile":    nil,
		"report/diff":       nil,
		"report/document":   nil,
		"report/html":       nil,
		"report/sarif":      nil,
		"report/markdown":   {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"}, // as report/text
		"report/text":       {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"}, // the width of characters
		"report/dot":        {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"report/chrome":     {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"report/speedscope": {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"report/stacks":     {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"report/folded":     {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"report/statcsv":    {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"report/pprof":      {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2", "google.golang.org/protobuf"},
		"report/perfetto":   {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2", "google.golang.org/protobuf"},
		"report/otlpjson":   {"go.opentelemetry.io/proto/otlp", "google.golang.org/protobuf"},
		"sondetest":         {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"},
		"rpctrace":          nil,
		"slogtrace":         nil,
		"oteltrace": {
			"go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
			"go.opentelemetry.io/otel/propagation", "go.opentelemetry.io/otel/baggage", "go.opentelemetry.io/otel/internal",
			"go.opentelemetry.io/otel/semconv", "github.com/cespare/xxhash",
		},
		"profiler/profilertest": nil,
	} {
		p, ok := all[module+"/"+r]
		if !ok {
			t.Errorf("no package %s", r)
			continue
		}
		for _, dep := range p.Deps {
			if _, ours := room(dep); !ours && !all[dep].Standard && !in(dep, modules...) {
				t.Errorf("%s links %s", r, dep)
			}
		}
	}
}

// TestRootIsLight: the root package links the drivers' registry, interface and kit
// and none of the drivers, and nor does the command without its main.
func TestRootIsLight(t *testing.T) {
	all := listPackages(t)
	for _, dep := range all[module+"/cli"].Deps {
		if r, ours := room(dep); ours && in(r, "drivers") && !in(r, "drivers/driver", "drivers/kit") && r != "drivers" {
			t.Errorf("cli links %s", dep)
		}
	}
	for _, dep := range all[module].Deps {
		if r, ours := room(dep); !ours && !all[dep].Standard || in(r, "drivers") && !in(r, "drivers/driver", "drivers/kit") && r != "drivers" {
			t.Errorf("the root package links %s", dep)
		}
	}
}

// TestOneDriverLinksNoOther: a driver may use what drivers share, and no other
// driver.
func TestOneDriverLinksNoOther(t *testing.T) {
	checked := 0
	for path, p := range listPackages(t) {
		r, ours := room(path)
		if !ours || !in(r, "drivers") || r == "drivers" || in(r, "drivers/internal", "drivers/driver", "drivers/kit", "drivers/drivertest") {
			continue
		}
		checked++
		own := strings.Join(strings.SplitN(r, "/", 3)[:2], "/")
		for _, dep := range p.Deps {
			if d, ours := room(dep); ours && in(d, "drivers") && d != "drivers" && !in(d, "drivers/internal", "drivers/driver", "drivers/kit", own) {
				t.Errorf("%s links %s", path, dep)
			}
		}
	}
	if checked < 4 {
		t.Errorf("only %d drivers were checked", checked)
	}
}

// TestInternalPackagesAreShared: an internal package has two users or more, tests
// included; with one user it is a file of that one, or, where that would be two
// ideas in one package, stands in that user's own internal folder, where nobody
// else can come to need it. Commands have none, and a package of tests alone is
// its own user. Those of the examples may have users in the module of
// examples/evidence, which is not listed.
func TestInternalPackagesAreShared(t *testing.T) {
	all := listPackages(t)
	checked := 0
	for path, p := range all {
		r, ours := room(path)
		if !ours || !slices.Contains(strings.Split(r, "/"), "internal") || p.Name == "main" || len(p.GoFiles) == 0 || in(r, "examples") {
			continue
		}
		checked++
		var users []string
		for by, q := range all {
			if by != path && slices.Contains(slices.Concat(q.Imports, q.TestImports, q.XTestImports), path) {
				users = append(users, by)
			}
		}
		own, _, _ := strings.Cut(path, "/internal/")
		if len(users) < 2 && !slices.Equal(users, []string{own}) {
			t.Errorf("%s has too few users: %q", path, users)
		}
	}
	if checked < 10 {
		t.Errorf("only %d packages were checked", checked)
	}
}

// TestGorillaMuxIsInTwoRooms: users of net/http alone do not need it. Examples and the
// table of costs are programs.
func TestGorillaMuxIsInTwoRooms(t *testing.T) {
	for path, p := range listPackages(t) {
		r, ours := room(path)
		if ours && slices.Contains(p.Imports, "github.com/gorilla/mux") && !in(r, "middleware/http/muxroute", "ui", "examples", "cmd/internal/layercost") {
			t.Errorf("%s imports gorilla/mux", path)
		}
	}
}
