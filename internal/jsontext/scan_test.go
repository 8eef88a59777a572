package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
)

var scanSeeds = []string{
	`{}`, `[]`, `""`, `0`, `-0.5e+10`, `1e5`, `null`, `true`, `false`, ` {"a" : [1, {"b":null}] , "c":"\u00e9\n\"\\"} `,
	`{"a":1,}`, `[1,]`, `01`, `1.`, `.5`, `-`, `1e`, `"\x"`, `"\u12g4"`, `"a`, `{"a"}`, `{a:1}`, "\"\x01\"", `"\ud83c\udf89 \ud83c x \udf89\u0041"`, "\"\xff\"", `nul`, `[`, `{`, `tru`,
}

func whole(b []byte) bool {
	i := Skip(b, SkipSpace(b, 0))
	return i >= 0 && SkipSpace(b, i) == len(b)
}

func TestSkipTakesWhatPythonWrites(t *testing.T) {
	for _, s := range []string{`NaN`, `Infinity`, `-Infinity`, `{"a":[NaN,-Infinity]}`} {
		if !whole([]byte(s)) {
			t.Errorf("%s refused", s)
		}
	}
	for _, s := range []string{`-NaN`, `Inf`, `nan`, strings.Repeat("[", 1e6), strings.Repeat(`{"a":`, 1e6)} {
		if whole([]byte(s)) {
			t.Errorf("%.20s taken", s)
		}
	}
}

// FuzzSkip compares with encoding/json.
func FuzzSkip(f *testing.F) {
	for _, s := range scanSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "NaN") || strings.Contains(s, "Infinity") {
			t.Skip()
		}
		b := []byte(s)
		if got, want := whole(b), json.Valid(b); got != want {
			t.Fatalf("%q: valid %v, encoding/json says %v", s, got, want)
		}
		var want string
		if i := SkipSpace(b, 0); whole(b) && b[i] == '"' {
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			if got := string(AppendUnquoted(nil, b[i:Skip(b, i)])); got != want {
				t.Fatalf("%q means %q, encoding/json says %q", s, got, want)
			}
		}
	})
}
