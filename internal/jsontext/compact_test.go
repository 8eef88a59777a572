package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCompactWriter: values stand on one line, as JSON that encoding/json takes.
func TestCompactWriter(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": [1, {"b": null}], "c": {}, "d": []}`: `{"a":[1,{"b":null}],"c":{},"d":[]}`,
		`{"a": 1, "b": 2, "a": 3}`:                  `{"a":3,"b":2}`,
		`[NaN, -Infinity, Infinity]`:                `["NaN","-Infinity","Infinity"]`,
		`[1E400, -0, 1.50]`:                         `[1E400,-0,1.50]`,
		"\"\u009b\\/\x7f\"":                         `"\u009b/\u007f"`,
	} {
		var out strings.Builder
		w := NewCompactWriter(&out)
		if !w.Value([]byte(in), 0) || w.Flush() != nil || out.String() != want || !json.Valid([]byte(want)) {
			t.Errorf("%s is written as %s", in, out.String())
		}
	}
	if w := NewCompactWriter(&strings.Builder{}); w.Value([]byte("{"), 0) {
		t.Error("takes what is no JSON")
	}
}
