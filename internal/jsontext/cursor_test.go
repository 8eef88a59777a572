package jsontext

import (
	"strings"
	"testing"
)

// TestCursorGoesForward passes each byte of a nested text once, opening what it
// can, and sees all keys and values on the way.
func TestCursorGoesForward(t *testing.T) {
	text := ` {"a" : [1, {"b":null,"c":{}}, [] ] , "d":"x,]}" , "e":[ [2],-0.5 ]} `
	c := NewCursor([]byte(text))
	var seen []string
	last := -1
	forward := func() {
		t.Helper()
		if c.at <= last {
			t.Errorf("at %d after %d", c.at, last)
		}
		last = c.at
	}
	var walk func()
	walk = func() {
		switch kind := c.Kind(); kind {
		case '{', '[':
			forward()
			seen = append(seen, string(kind))
			for c.Open(); c.Next(); {
				if kind == '{' {
					forward()
					seen = append(seen, string(c.Key()))
				}
				walk()
			}
		default:
			forward()
			seen = append(seen, string(c.Value()))
		}
	}
	walk()
	if c.at != len(text)-1 {
		t.Errorf("ends at %d of %d", c.at, len(text))
	}
	if got, want := strings.Join(seen, " "), `{ "a" [ 1 { "b" null "c" { [ "d" "x,]}" "e" [ [ 2 -0.5`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c = NewCursor([]byte(`[{"a":[1,[2]]},3]`))
	c.Open()
	if c.Next(); string(c.Value()) != `{"a":[1,[2]]}` || !c.Next() || string(c.Value()) != "3" || c.Next() {
		t.Errorf("ends at %d", c.at)
	}
}
