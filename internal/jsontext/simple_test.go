package jsontext

import (
	"strings"
	"testing"
)

// FuzzSimple compares the way of simple values with that of all.
func FuzzSimple(f *testing.F) {
	for _, value := range []string{
		`{"a":1,"b":{"c":[true,null,"x y"],"d":{}},"e":[]}`, `{"a":1,"a":2}`, ` [ 1 , 2 ] `, `{"a":-0}`, `[-1,0,01,1.5,1e3,NaN,-Infinity]`,
		`"é"`, `"\u0041"`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[,]`, `{"é":1,"\u00e9":2}`, `"12345678`, `"1234567890123456"`, "\"a\x7f\"", `tru`, `nul`,
		`{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1}`, `{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1}`,
		strings.Repeat("[", 15) + strings.Repeat("]", 15), strings.Repeat("[", 17) + strings.Repeat("]", 17),
		strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30), "",
	} {
		f.Add([]byte(value), 3)
	}
	f.Add([]byte(`{"a":[1]}`), maxColumn-1)
	f.Fuzz(func(t *testing.T, value []byte, prefix int) {
		prefix = max(0, min(prefix, maxColumn+10))
		for _, compact := range []bool{false, true} {
			got, want := Writer{max: maxColumn, compact: compact}, Writer{max: maxColumn, compact: compact}
			farthest := min(maxColumn, prefix+maxNested)
			ok := got.value(value, prefix, farthest)
			trimmed := strings.Trim(string(value), " \n\r\t")
			if wantOK := want.anyValue([]byte(trimmed), prefix, farthest); ok != wantOK || string(got.buf) != string(want.buf) {
				t.Errorf("%q, compact %v: %v %q, want %v %q", value, compact, ok, got.buf, wantOK, want.buf)
			}
		}
	})
}
