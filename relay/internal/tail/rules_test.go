package tail

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseRules(t *testing.T) {
	all := Rules{
		Quiet: 5 * time.Second, AtMost: 30 * time.Second, Memory: 1 << 30, Traces: 5000, Remember: 2 * time.Hour, Stress: 0.02,
		Errors: true, Slowest: 0.05, RareBelow: 10, RareWithin: 30 * time.Minute, Rate: 6, Probability: 0.001,
	}
	for _, c := range []struct {
		name, text string
		want       Rules
		err        string // lines
	}{
		{name: "nothing", want: Defaults()},
		{name: "a comment", text: "# later\n", want: Defaults()},
		{name: "keep without rules", text: "keep:\n", want: Defaults()},
		{name: "all", want: all, text: `
quiet: 5s
at_most: 30s
memory: 1GiB
traces: 5000
remember: 2h
stress: 2%
keep:
  errors: true
  slowest: 5%
  rare: {below: 10, within: 30m}
  rate: 6
  probability: 0.001
`},
		{name: "unknown keys", text: "quite: 5s\nkeep:\n  slow: 5%\n",
			err: `r.yaml:1: unknown key "quite"; the keys here are at_most, keep, memory, quiet, remember, stress, traces
r.yaml:3: unknown key "slow"; the keys here are errors, probability, rare, rate, slowest`},
		{name: "values", text: "quiet: 5\nmemory: 1MiB\ntraces: many\nstress: 200%\nkeep:\n  errors: 1\n  rate: 0\n  probability: NaN\n",
			err: `r.yaml:1: "5" is no time from 1ms to 1h0m0s; write it as 500ms, 10s or 1h
r.yaml:2: "1MiB" is no size of at least 8 MiB; write it as 64MiB or 1GiB
r.yaml:3: "many" is no whole number from 100 to 100000000
r.yaml:4: "200%" is no share; write it as 5% or 0.05
r.yaml:6: "1" is neither true nor false
r.yaml:7: "0" is no whole number from 1 to 1000000
r.yaml:8: "NaN" is no share; write it as 5% or 0.05`},
		{name: "a list", text: "keep:\n  - errors\n", err: `r.yaml:2: want keys and values here, such as "quiet: 10s"`},
		{name: "twice", text: "quiet: 5s\nquiet: 6s\n", err: "r.yaml:2: quiet stands in line 1 already"},
		{name: "an alias", text: "quiet: &a 5s\nat_most: *a\n", err: "r.yaml:2: aliases are not read; write the value of at_most out"},
		{name: "two documents", text: "quiet: 5s\n---\nquiet: 6s\n", err: "r.yaml: more than one document; rules are one"},
		{name: "never quiet", text: "at_most: 5s\n", err: "r.yaml: at_most (5s) is shorter than quiet (10s); no trace would ever be quiet"},
		{name: "a list for a value", text: "quiet: [1s]\n", err: `r.yaml:1: "" is no time from 1ms to 1h0m0s; write it as 500ms, 10s or 1h`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseRules("r.yaml", []byte(c.text))
			switch {
			case c.err != "":
				if err == nil || err.Error() != c.err {
					t.Errorf("the error is\n%v\nwant\n%s", err, c.err)
				}
			case err != nil:
				t.Error(err)
			case got != c.want:
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	if _, err := ParseRules("r.yaml", []byte("quiet: \"10s\nx")); err == nil || !strings.HasPrefix(err.Error(), "r.yaml: ") {
		t.Errorf("what is no YAML: %v", err)
	}
}

// TestTheDocumentsExample reads the rules of docs/tail.md, which name every key.
func TestTheDocumentsExample(t *testing.T) {
	page, err := os.ReadFile("../../../docs/tail.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "```yaml\n")
	text, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("docs/tail.md has no rules")
	}
	r, err := ParseRules("docs/tail.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Errors, want.Slowest, want.RareBelow, want.Rate, want.Probability = true, 0.01, 10, 1, 0.001
	if r != want {
		t.Errorf("%+v, want the defaults with the page's rules, %+v", r, want)
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte("quiet: 5s\nkeep:\n  rare: {below: 10, within: 30m}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? {x: y}\n: z\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRules("r.yaml", text)
		if err != nil {
			return
		}
		if r.Quiet <= 0 || r.AtMost < r.Quiet || r.Memory < 8<<20 || r.Traces < 100 || !(r.Stress >= 0 && r.Stress <= 1) || !(r.Probability >= 0 && r.Probability <= 1) {
			t.Errorf("%+v", r)
		}
	})
}
