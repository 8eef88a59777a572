package interop_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
)

//go:embed testdata/function.py
var pythonFunction string

// TestPythonShowsFunctions: osprofiler shows a traced function of Go, with its name,
// arguments and result, where it shows those of Python's.
func TestPythonShowsFunctions(t *testing.T) {
	python := servertest.Python(t, "redis")
	store := "redis://" + servertest.Redis(t).Addr
	svc, err := sonde.Open(t.Context(), sonde.Config{Enabled: true, HMACKeys: key, ConnectionString: store, Service: "go"})
	if err != nil {
		t.Fatal(err)
	}
	price := profiler.FuncValue(profiler.Function{Name: "price", Symbol: "shop.price", ShowResult: true},
		func(_ context.Context, sku string) (map[string]int, error) { return map[string]int{"cents": 250}, nil })
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "order"})
	if _, err := price(ctx, "tea <b>"); err != nil {
		t.Fatal(err)
	}
	root.Stop()
	ours := profiler.BaseID(ctx).String()
	if err := svc.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	theirs := strings.TrimSpace(python.Run(pythonFunction, store, key))

	show := func(base, form string) (string, error) {
		return python.OSProfiler("trace", "show", base, form, "--connection-string", store)
	}
	asJSON := func(base string) string {
		out, err := show(base, "--json")
		if err != nil {
			t.Fatal(err, out)
		}
		return out
	}
	own, other := functionIn(t, asJSON(ours)), functionIn(t, asJSON(theirs))
	if got, want := slices.Sorted(maps.Keys(own)), slices.Sorted(maps.Keys(other)); !slices.Equal(got, want) {
		t.Errorf("a function of Go's has %q, one of Python's %q", got, want)
	}
	want := map[string]any{"name": "shop.price", "args": `["tea <b>"]`, "kwargs": "{}", "result": `{"cents":250}`}
	if fmt.Sprint(own) != fmt.Sprint(want) {
		t.Errorf("osprofiler shows %v, want %v", own, want)
	}
	t.Run("page", func(t *testing.T) {
		page, err := show(ours, "--html")
		var exit *exec.ExitError
		if errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "template.html") {
			t.Skip("this osprofiler was packaged without its page")
		} else if err != nil {
			t.Fatal(err, page)
		}
		for name, value := range want {
			if !strings.Contains(page, fmt.Sprintf("%q: %q", name, value)) {
				t.Errorf("the page has no %s: %q", name, value)
			}
		}
	})
}

// functionIn is what the point "price" of a report says of its function, in both of
// its records.
func functionIn(t *testing.T, report string) map[string]any {
	t.Helper()
	type node struct {
		Info     map[string]any
		Children []node
	}
	var root node
	if err := json.Unmarshal([]byte(report), &root); err != nil {
		t.Fatal(err, report)
	}
	found := map[string]any{}
	var walk func(node)
	walk = func(n node) {
		for name, payload := range n.Info {
			if !strings.HasPrefix(name, "meta.raw_payload.price-") {
				continue
			}
			info, _ := payload.(map[string]any)["info"].(map[string]any)
			function, _ := info["function"].(map[string]any)
			maps.Copy(found, function)
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(root)
	return found
}
