package jsontext

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
)

// TestAppendIndentGolden compares with what OSProfiler's report printed.
func TestAppendIndentGolden(t *testing.T) {
	raw, err := os.ReadFile("testdata/json_text.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Desc, Input string
			Stored      string `json:"stored_text"`
			Report      string `json:"report_text_of_{x:input}"`
		}
	}
	if err := json.Unmarshal(raw, &golden); err != nil || len(golden.Cases) < 20 {
		t.Fatal(len(golden.Cases), err)
	}
	for _, c := range golden.Cases {
		for _, in := range []string{c.Input, c.Stored} {
			if got := AppendIndent(nil, []byte(`{"x":`+in+`}`), 0); string(got) != c.Report {
				t.Errorf("%s: %s\ngot  %s\nwant %s", c.Desc, in, got, c.Report)
			}
		}
	}
}

// oddities are texts with what Python 3.11 makes of them.
var oddities = []struct{ in, want string }{
	{`{"a":1,"b":2,"a":3}`, "{\n  \"a\": 3,\n  \"b\": 2\n}"},
	{`{"\u0061":1,"a":2}`, "{\n  \"a\": 2\n}"},
	{`{"é":1,"\u00E9":{"x":1,"x":[]}}`, "{\n  \"\\u00e9\": {\n    \"x\": []\n  }\n}"},
	{`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"a":2}`,
		"{\n  \"a\": 2,\n  \"b\": 1,\n  \"c\": 1,\n  \"d\": 1,\n  \"e\": 1,\n  \"f\": 1,\n  \"g\": 1,\n  \"h\": 1,\n  \"i\": 1\n}"},
	{` [ ] `, "[]"},
	{`[{}, [ ],null]`, "[\n  {},\n  [],\n  null\n]"},
	{`-0`, `0`},
	{`-0.0`, `-0.0`},
	{`1E400`, `Infinity`},
	{`-1e400`, `-Infinity`},
	{`1e-400`, `0.0`},
	{`12345678901234567890123456789`, `12345678901234567890123456789`},
	{`1e16`, `1e+16`},
	{`9999999999999998.0`, `9999999999999998.0`},
	{`0.0001`, `0.0001`},
	{`0.00001`, `1e-05`},
	{`1.5e-7`, `1.5e-07`},
	{`[NaN,-Infinity]`, "[\n  NaN,\n  -Infinity\n]"},
	{`"\/\u002f\u0022\u005C\u007F\u001f\u000a"`, `"//\"\\\u007f\u001f\n"`},
	{`"😀\uD83D\uDE00\uDE00\uD83D"`, `"\ud83d\ude00\ud83d\ude00\ude00\ud83d"`},
	{"\"\x7f\xff\"", `"\u007f\ufffd"`},
}

func TestAppendIndent(t *testing.T) {
	for _, o := range oddities {
		if got := AppendIndent(nil, []byte(o.in), 0); string(got) != o.want {
			t.Errorf("%s\ngot  %s\nwant %s", o.in, got, o.want)
		}
	}
	if got := AppendIndent([]byte("x"), []byte(`{"a":[1]}`), 70); string(got) !=
		"x{\n"+strings.Repeat(" ", 72)+"\"a\": [\n"+strings.Repeat(" ", 74)+"1\n"+strings.Repeat(" ", 72)+"]\n"+strings.Repeat(" ", 70)+"}" {
		t.Errorf("with a prefix: %s", got)
	}
}

// TestPythonAgrees asks a Python on this machine about the same texts.
func TestPythonAgrees(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		servertest.Missing(t, "python3", "apt-get install python3")
	}
	const script = "import json,sys\nfor line in sys.stdin.buffer:\n" +
		" sys.stdout.write(json.dumps(json.loads(line), indent=2, separators=(',', ': ')) + '\\0')"
	var in, want strings.Builder
	for _, o := range oddities {
		if !strings.Contains(o.in, "\xff") { // Python takes UTF-8 only
			in.WriteString(o.in + "\n")
			want.WriteString(o.want + "\x00")
		}
	}
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = strings.NewReader(in.String())
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("Python says\n%q, want\n%q", got, want.String())
	}
}

func TestAppendIndentRefuses(t *testing.T) {
	for _, in := range []string{"", " ", "{", "[1,]", "{\"a\"}", "1 2", "nul", "+1", ".5", "1.", "1e", "'a'", "\"\n\"", `"\u00g0"`, `"\`, "\v1",
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)} {
		if got := AppendIndent(nil, []byte(in), 0); got != nil {
			t.Errorf("%.40q gives %.40q", in, got)
		}
	}
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if AppendIndent(nil, []byte(deep), 0) == nil {
		t.Errorf("%d brackets are refused", MaxDepth)
	}
}

func TestAppendFloat(t *testing.T) {
	for want, f := range map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "0.0": 0, "-0.0": math.Copysign(0, -1),
		"1.0": 1, "123456.75": 123456.75, "1e+16": 1e16, "1e-05": 1e-5} {
		if got := string(AppendFloat(nil, f)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestGet(t *testing.T) {
	doc := []byte(`{"a":{"b":1,"b":{"c":"x\"\u00e9"}},"d":[1]}`)
	if got, ok := Text(Get(doc, "a", "b", "c")); got != `x"é` || !ok {
		t.Error(got, ok)
	}
	for _, path := range [][]string{{"x"}, {"a", "x"}, {"d", "x"}, {"a", "b", "c", "d"}} {
		if got := Get(doc, path...); got != nil {
			t.Errorf("%v: %s", path, got)
		}
	}
	if _, ok := Text(Get(doc, "a")); ok {
		t.Error("an object is no text")
	}
}

// FuzzAppendIndent holds the indented text to the value, as encoding/json reads it.
func FuzzAppendIndent(f *testing.F) {
	for _, o := range oddities {
		f.Add([]byte(o.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got := AppendIndent(nil, in, 0)
		python := bytes.Contains(in, []byte("NaN")) || bytes.Contains(in, []byte("Infinity")) ||
			bytes.Contains(got, []byte("Infinity")) // 1e999
		if deep := bytes.Count(in, []byte("["))+bytes.Count(in, []byte("{")) > MaxDepth; python || deep {
			return
		}
		if json.Valid(in) != (got != nil) {
			t.Fatalf("%q: encoding/json says %v", in, json.Valid(in))
		}
		if got == nil {
			return
		}
		var was, is any
		if json.Unmarshal(in, &was) != nil {
			return // a number beyond float64
		}
		if err := json.Unmarshal(got, &is); err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(was)
		b, _ := json.Marshal(is)
		if !bytes.Equal(bytes.ReplaceAll(a, []byte("-0"), []byte("0")), bytes.ReplaceAll(b, []byte("-0"), []byte("0"))) {
			t.Fatalf("%q became %q", a, b)
		}
		if again := AppendIndent(nil, got, 0); !bytes.Equal(again, got) {
			t.Fatalf("%q, again %q", got, again)
		}
	})
}
