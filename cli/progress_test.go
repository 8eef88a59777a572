package cli

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"
)

func TestNoProgressBarOffTerminal(t *testing.T) {
	var out bytes.Buffer
	b := newProgressBar(&out, "trace")
	b.set(1, 2)
	b.clear()
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}

func TestProgressBar(t *testing.T) {
	var out bytes.Buffer
	b := &progressBar{w: &out, what: "trace"}
	b.set(1, 2)
	b.set(2, 2) // too soon to be drawn
	b.drawn = time.Time{}
	b.set(3, 2)
	b.drawn = time.Time{}
	b.set(7, 0)
	b.drawn = time.Time{}
	b.set(1, 0)
	b.clear()
	const off = "\r\x1b[K"
	want := off + "[###############...............] 1 of 2 traces" +
		off + "[##############################] 3 of 2 traces" +
		off + "7 traces" + off + "1 trace" + off
	if out.String() != want {
		t.Errorf("wrote %q", out.String())
	}
}

func TestCounted(t *testing.T) {
	seq := func(yield func(string, error) bool) {
		_ = yield("a", nil) && yield("b", io.EOF) && yield("c", nil)
	}
	var out bytes.Buffer
	var got []string
	for v, err := range counted(&out, "record", seq) {
		got = append(got, v)
		if err != nil {
			break
		}
	}
	if !slices.Equal(got, []string{"a", "b"}) || out.Len() > 0 {
		t.Errorf("passed on %v, wrote %q", got, out.String())
	}
}
