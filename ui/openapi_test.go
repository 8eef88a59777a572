package ui

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type schema struct {
	Ref         string `json:"$ref"`
	Description string
	Properties  map[string]*schema
	Items       *schema
}

type operation struct {
	OperationID string
	Summary     string
	Parameters  []struct{ Name, In, Description string }
	Responses   map[string]json.RawMessage
}

type description struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

func described(t *testing.T) (d description) {
	t.Helper()
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDescribed: openapi.json describes every endpoint and no other, with the
// parameters that each takes.
func TestDescribed(t *testing.T) {
	d := described(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %q", d.OpenAPI)
	}
	var want, got []string
	v := &viewer{}
	for _, e := range v.endpoints() {
		want = append(want, e.method+" "+e.path)
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
			if op.Summary == "" || op.OperationID == "" || op.Responses["200"] == nil || op.Responses["default"] == nil {
				t.Errorf("%s %s is poorly described", method, path)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("described are %q, there are %q", got, want)
	}
}

// TestDescribedParameters: an endpoint takes the parameters that are described, and
// says of another that there is none.
func TestDescribedParameters(t *testing.T) {
	h := New(recordedStore(t), Options{})
	for path, methods := range described(t).Paths {
		for method, op := range methods {
			var names []string
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: no description of %s", path, p.Name)
				}
				if p.In == "query" {
					names = append(names, p.Name)
				}
			}
			slices.Sort(names)
			target := apiPrefix + strings.NewReplacer("{trace}", "last", "{point}", "00000004").Replace(path)
			if path == "/diff" {
				target += "?a=last&b=last&bogus=1"
			} else {
				target += "?bogus=1"
			}
			got := do(t, h, strings.ToUpper(method), target, "")
			var p problem
			if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", target, got.status, got.body)
				continue
			}
			_, list, _ := strings.Cut(p.Detail, "here, only ")
			var takes []string
			for _, m := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(list, -1) {
				takes = append(takes, m[1])
			}
			if !slices.Equal(takes, names) {
				t.Errorf("%s takes %q, described are %q", path, takes, names)
			}
		}
	}
}

// TestDescribedMembers: the schemas have the members that docs/json.md tells of, with
// its words.
func TestDescribedMembers(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	schemas := described(t).Components.Schemas
	for title, name := range map[string]string{"A trace": "Trace", "A list of traces": "List", "Parts of a trace": "OnePoint", "A difference": "Diff", "Many traces": "Stats"} {
		_, chapter, ok := strings.Cut(string(doc), "\n## "+title+"\n")
		if !ok {
			t.Fatalf("docs/json.md has no chapter %q", title)
		}
		chapter, _, _ = strings.Cut(chapter, "\n## ")
		told := map[string]string{}
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)` \\| (.*) \\|$").FindAllStringSubmatch(chapter, -1) {
			told[m[1]] = strings.ReplaceAll(m[2], "`", "")
		}
		got := map[string]string{}
		members(got, "", schemas[name], func(ref string) *schema {
			if name == "OnePoint" {
				return nil // the chapter refers to another for these
			}
			return schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		})
		for _, m := range slices.Sorted(maps.Keys(told)) {
			if got[m] != told[m] {
				t.Errorf("%s: %s is described as %q, docs/json.md says %q", name, m, got[m], told[m])
			}
		}
		for _, m := range slices.Sorted(maps.Keys(got)) {
			if _, ok := told[m]; !ok {
				t.Errorf("%s has %s, of which docs/json.md tells nothing", name, m)
			}
		}
	}
}

// members gathers what is below a schema.
func members(into map[string]string, at string, s *schema, resolve func(ref string) *schema) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		s = resolve(s.Ref)
		members(into, at, s, resolve)
		return
	}
	members(into, at, s.Items, resolve)
	for name, p := range s.Properties {
		path := strings.TrimPrefix(at+"."+name, ".")
		into[path] = p.Description
		members(into, path, p, resolve)
	}
}
