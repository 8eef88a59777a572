package sondetest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/sondetest"
)

// line is what a file knows of the user's test.
func line(rule, what string, count int) string {
	return fmt.Sprintf(`{"test":"TestOfAUser","rule":%q,"what":%q,"count":%d,"who":"ana","when":"2026-11-21","why":"old"}`+"\n", rule, what, count)
}

func TestKnown(t *testing.T) {
	db := openDB(t, 3, true)
	const name = "db " + byID
	asked := func(n int) func(testing.TB, string) {
		return func(u testing.TB, file string) {
			p := sondetest.Profile(u, func(ctx context.Context) {
				for id := range n {
					ask(ctx, u, db, id%3+1)
				}
			}, sondetest.Known(file))
			p.NoRepeatedQueries()
		}
	}
	others := `{"test":"TestOther","rule":"repeated","what":"db ` + byID + `","count":9,"who":"bob","when":"2026-11-20","why":"<old & slow>"}` + "\n" + line("queries", "", 7)
	for name, c := range map[string]struct {
		before string
		asked  int
		texts  []string
		after  string // of an update
	}{
		"nothing known, nothing found": {"", 1, nil, ""},
		"known":                        {line("repeated", name, 3), 3, nil, line("repeated", name, 3)},
		"unknown": {others, 3, []string{"repeated ×3", "fill in this line and add it to ",
			`{"test":"TestOfAUser","rule":"repeated","what":"db SELECT name FROM products WHERE id = ?","count":3,"who":"","when":"20`}, others},
		"grown":             {line("repeated", name, 2), 3, []string{"repeated ×3", "knows of 2 only"}, line("repeated", name, 2)},
		"shrunk":            {others + line("repeated", name, 3), 2, []string{"knows of ×3 (repeated) " + name + ", and there is only ×2: run the test with SONDETEST_UPDATE=1"}, others + line("repeated", name, 2)},
		"gone":              {others + line("repeated", name, 3), 1, []string{"and there is only ×0"}, others},
		"not a line":        {"{\n", 1, []string{"entry 1: unexpected EOF"}, "{\n"},
		"unknown field":     {`{"tests":"x"}`, 1, []string{`entry 1: json: unknown field "tests"`}, `{"tests":"x"}`},
		"nobody":            {strings.Replace(line("repeated", name, 3), "ana", "", 1), 1, []string{"entry 1 needs"}, strings.Replace(line("repeated", name, 3), "ana", "", 1)},
		"a count of 0":      {line("repeated", name, 0), 1, []string{"entry 1 needs"}, line("repeated", name, 0)},
		"the same again":    {line("repeated", name, 3) + line("repeated", name, 4), 1, []string{"entry 2 says again"}, line("repeated", name, 3) + line("repeated", name, 4)},
		"of another test":   {strings.ReplaceAll(line("repeated", name, 3), "TestOfAUser", "TestOther"), 1, nil, strings.ReplaceAll(line("repeated", name, 3), "TestOfAUser", "TestOther")},
		"of another demand": {line("no call", "example.com", 3), 1, nil, line("no call", "example.com", 3)},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "known.jsonl")
			if c.before != "" {
				if err := os.WriteFile(file, []byte(c.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			content := func() string {
				data, err := os.ReadFile(file)
				if err != nil && c.before != "" {
					t.Fatal(err)
				}
				return string(data)
			}
			fails(t, func(u testing.TB) { asked(c.asked)(u, file) }, c.texts...)
			if got := content(); got != c.before {
				t.Errorf("a test without an update has written\n%s", got)
			}
			t.Setenv("SONDETEST_UPDATE", "1")
			got := failures(t, func(u testing.TB) { asked(c.asked)(u, file) })
			if shrunk := c.before != c.after; (len(got) == 0) != (shrunk || len(c.texts) == 0) {
				t.Errorf("with an update: %q", got)
			}
			if got := content(); got != c.after {
				t.Errorf("the update has left\n%swant\n%s", got, c.after)
			}
		})
	}
}

// A test that did not come to its end has not found all there is, and neither has
// one that found a part in each of several profiles.
func TestKnownWhole(t *testing.T) {
	db := openDB(t, 3, true)
	file := filepath.Join(t.TempDir(), "known.jsonl")
	if err := os.WriteFile(file, []byte(line("repeated", "db "+byID, 3)), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(u testing.TB, rec *sondetest.Recorder, n int) {
		rec.Profile(func(ctx context.Context) {
			for range n {
				ask(ctx, u, db, 1)
			}
		}).NoRepeatedQueries()
	}
	fails(t, func(u testing.TB) {
		rec := sondetest.New(u, sondetest.Known(file))
		run(u, rec, 1)
		run(u, rec, 3)
		run(u, rec, 2)
	})
	fails(t, func(u testing.TB) {
		run(u, sondetest.New(u, sondetest.Known(file)), 1)
		u.Fatal("the rest is not run")
	}, "the rest is not run")
	fails(t, func(u testing.TB) {
		run(u, sondetest.New(u, sondetest.Known(file)), 1)
		u.SkipNow()
	})
}

// The other demands know their violations too.
func TestKnownRules(t *testing.T) {
	db := openDB(t, 0, true)
	file := filepath.Join(t.TempDir(), "known.jsonl")
	if err := os.WriteFile(file, []byte(line("queries", "", 3)+line("calls db", "", 3)+line("grows", "db "+byID, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, func(u testing.TB) {
		rec := sondetest.New(u, sondetest.Known(file))
		run := func(ctx context.Context) {
			for _, id := range ids(ctx, u, db) {
				ask(ctx, u, db, id)
			}
		}
		rec.Scale(func(n int) { fill(u, db, n) }, run).Constant()
		fill(u, db, 2)
		p := rec.Profile(run)
		p.MaxQueries(1)
		p.MaxCalls(layer.SQL, 1)
	})
}
