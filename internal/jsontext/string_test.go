package jsontext_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// TestAppendStringEveryByte puts every byte at every place of a text that is
// looked at eight bytes at a time.
func TestAppendStringEveryByte(t *testing.T) {
	for c := range 256 {
		for i := range 210 {
			at, length := i%21, i/21*2+1
			if at >= length {
				continue
			}
			s := strings.Repeat("x", at) + string([]byte{byte(c)}) + strings.Repeat("y", length-1-at)
			got := jsontext.AppendString(nil, s)
			var back string
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatalf("%q became %s: %v", s, got, err)
			}
			if want := strings.ToValidUTF8(s, "\ufffd"); back != want {
				t.Fatalf("%q became %s", s, got)
			}
			for _, b := range got {
				if b < 0x20 || b >= 0x7f {
					t.Fatalf("%q became %q, which is not plain ASCII", s, got)
				}
			}
		}
	}
}
