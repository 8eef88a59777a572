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
	for _, s := range []string{`-NaN`, `Inf`, `nan`} {
		if whole([]byte(s)) {
			t.Errorf("%.20s taken", s)
		}
	}
}

// nested is so many levels of arrays and objects, given by what opens them.
func nested(levels int, opening ...string) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(opening[i%len(opening)])
	}
	b.WriteString("1")
	for i := levels - 1; i >= 0; i-- {
		if strings.Contains(opening[i%len(opening)], "{") {
			b.WriteByte('}')
		} else {
			b.WriteByte(']')
		}
	}
	return b.String()
}

// TestDepth checks that what is JSON but for its depth is taken up to MaxDepth
// and refused beyond it, by everything that reads values inside values.
func TestDepth(t *testing.T) {
	keepEach := func([]byte) bool { return true }
	keepMember := func(_, _ []byte) bool { return true }
	for name, opening := range map[string][]string{
		"arrays":            {`[`},
		"objects":           {`{"a":`},
		"in turn":           {`[`, `{"a":`},
		"in turn, object 1": {`{"a":`, `[`},
		"mostly arrays":     {`{"":`, `[`, `[`, `[`, `[0, `},
		"mostly objects":    {`[`, `{"a":`, `{"a": `, ` {"b":0,"a":`},
	} {
		for levels, want := range map[int]bool{1: true, MaxDepth: true, MaxDepth + 1: false, 1e6: false} {
			closed := []byte(nested(levels, opening...))
			if got := whole(closed); got != want {
				t.Fatalf("%s, %d levels: taken %v", name, levels, got)
			}
			read := Elements(closed, keepEach)
			if closed[0] == '{' {
				read = Members(closed, keepMember)
			}
			if read != want {
				t.Errorf("%s, %d levels: read %v", name, levels, read)
			}
			if got := AppendIndent(nil, closed, 0) != nil; got != want {
				t.Errorf("%s, %d levels: indented %v", name, levels, got)
			}
			for _, cut := range []int{1, levels/2 + 1, levels, levels + 1} {
				if whole(closed[:len(closed)-cut]) {
					t.Errorf("%s, %d levels without the last %d bytes: taken", name, levels, cut)
				}
			}
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
