package sondetest

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// What is read is complete, and is read again as it is written.
func FuzzReadKnown(f *testing.F) {
	f.Add([]byte(`{"test":"T","rule":"repeated","what":"db <&> \u2028","count":5,"who":"a","when":"b","why":"c"}`))
	f.Add([]byte(`{"test":"T","rule":"queries","what":"","count":1,"who":"a","when":"b","why":"c"}{"test":"T","count":-1}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "known")
		read := func(data []byte) ([]known, error) {
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return readKnown(file)
		}
		lines, err := read(data)
		if err != nil {
			return
		}
		var out bytes.Buffer
		for _, l := range lines {
			if l.Test == "" || l.Rule == "" || l.Count < 1 || l.Who == "" || l.When == "" || l.Why == "" {
				t.Errorf("half a line: %+v", l)
			}
			out.Write(l.line())
		}
		if again, err := read(out.Bytes()); err != nil || !reflect.DeepEqual(again, lines) {
			t.Errorf("%+v is read again as %+v, %v", lines, again, err)
		}
	})
}
