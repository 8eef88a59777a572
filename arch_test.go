package sonde_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sonde-go/sonde"

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// listPackages reads what the go command says of this module's packages and of
// all that they link.
func listPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...")
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
	{"middleware/http", []string{"header", "layer", "profiler", "middleware/http"}},
	{"middleware/grpc", []string{"header", "layer", "profiler", "middleware/grpc"}},
	{"sqltrace/otelsql", []string{"header", "layer", "profiler", "sqltrace", "oteltrace"}},
	{"sqltrace", []string{"header", "layer", "profiler", "sqltrace"}},
	{"rpctrace", []string{"header", "layer", "profiler", "rpctrace"}},
	{"oteltrace", []string{"header", "layer", "profiler", "oteltrace"}},
	{"slogtrace", []string{"header", "profiler"}},
	{"drivers/driver", []string{"record"}},
	{"drivers/kit", []string{"header", "record", "drivers/driver"}},
	{"drivers/internal/load", []string{"profiler", "drivers"}},                      // for tests
	{"drivers/internal/sqltest", []string{"header", "record", "drivers", "report"}}, // for tests
	{"drivers", []string{"header", "record", "layer", "drivers"}},
	{"report", []string{"header", "record", "layer", "report"}},
	{"cli", []string{".", "header", "record", "drivers", "report"}},
	{".", []string{"header", "profiler", "drivers"}},
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

// TestReadersLinkNoProfiler: what stores and shows records links nothing that
// makes them, but for what only tests import.
func TestReadersLinkNoProfiler(t *testing.T) {
	checked := 0
	for path, p := range listPackages(t) {
		r, ours := room(path)
		if !ours || !in(r, "drivers", "report") || in(r, "drivers/internal/load") {
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
	for _, r := range []string{"profiler/profilertest", "report/outputtest"} {
		kit := module + "/" + r
		if _, ok := all[kit]; !ok {
			t.Fatalf("there is no package %s", kit)
		}
		for path, p := range all {
			if slices.Contains(p.Imports, kit) {
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
		"header":          nil,
		"record":          nil,
		"layer":           nil,
		"profiler":        nil,
		"middleware/http": nil,
		"sqltrace":        nil,
		"drivers":         nil,
		"report":          {"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/uax29/v2"}, // the width of characters
		"rpctrace":        nil,
		"slogtrace":       nil,
		"oteltrace": {
			"go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
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

// TestRootIsLight: the root package links the drivers' registry and interface
// and none of the drivers, and nor does the command without its main.
func TestRootIsLight(t *testing.T) {
	all := listPackages(t)
	for _, dep := range all[module+"/cli"].Deps {
		if r, ours := room(dep); ours && in(r, "drivers") && !in(r, "drivers/driver") && r != "drivers" {
			t.Errorf("cli links %s", dep)
		}
	}
	for _, dep := range all[module].Deps {
		if r, ours := room(dep); !ours && !all[dep].Standard || in(r, "drivers") && !in(r, "drivers/driver") && r != "drivers" {
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

// TestGorillaMuxIsOnlyInMuxroute, since net/http users need it not.
func TestGorillaMuxIsOnlyInMuxroute(t *testing.T) {
	for path, p := range listPackages(t) {
		r, ours := room(path)
		if ours && slices.Contains(p.Imports, "github.com/gorilla/mux") && !in(r, "middleware/http/muxroute", "examples") {
			t.Errorf("%s imports gorilla/mux", path)
		}
	}
}
