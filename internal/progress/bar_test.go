package progress

import (
	"bytes"
	"testing"
	"time"
)

func TestBarOnNoTerminal(t *testing.T) {
	var out bytes.Buffer
	b := NewBar(&out, "traces")
	b.Set(1, 2)
	b.Clear()
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}

func TestBar(t *testing.T) {
	var out bytes.Buffer
	b := &Bar{w: &out, what: "traces"}
	b.Set(1, 2)
	b.Set(2, 2) // too soon to be drawn
	b.drawn = time.Time{}
	b.Set(3, 2)
	b.drawn = time.Time{}
	b.Set(0, 0)
	b.Clear()
	const off = "\r\x1b[K"
	want := off + "[###############...............] 1 of 2 traces" +
		off + "[##############################] 3 of 2 traces" +
		off + "[##############################] 0 of 0 traces" + off
	if out.String() != want {
		t.Errorf("wrote %q", out.String())
	}
}
