package profile

import (
	"fmt"
	"testing"
)

// TestSampleIsBounded: when there is too much the sample keeps about half, of slow and
// fast traces alike.
func TestSampleIsBounded(t *testing.T) {
	s := newSample()
	path := &Path{}
	parts := make([]part, 100)
	slow := 0
	const traces = 40_000
	for i := range traces {
		w := row{kind: path, parts: parts}
		if i%10 == 0 {
			w.total = 1
		}
		s.keep(w)
		if s.parts > maxParts {
			t.Fatalf("%d parts", s.parts)
		}
	}
	for _, w := range s.rows {
		slow += int(w.total)
	}
	if n := len(s.rows); !s.skipped || n < maxParts/100/4 || n > maxParts/100 || slow < n/12 || slow > n/8 {
		t.Errorf("%d rows of %d, %d of them slow", n, traces, slow)
	}
}

// TestValuesAreBounded: names and values without end are given up.
func TestValuesAreBounded(t *testing.T) {
	v := newValues()
	for i := range 1000 {
		v.number(fmt.Sprint("name", i), "x")
		v.number("many", fmt.Sprint(i))
	}
	if i := v.number("name0", "x"); len(v.list) > maxNames+maxValues || len(v.names) != maxNames || !v.few(i) {
		t.Errorf("%d values of %d names", len(v.list), len(v.names))
	}
	if i := v.number("many", "0"); i < 0 || v.few(i) {
		t.Error("an attribute with many values has few")
	}
}
