package record_test

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/record"
)

// TestNumberIsKept: a numbered event is stored with its number, read with it, and is
// the same event again, so that a copy of it is the same record.
func TestNumberIsKept(t *testing.T) {
	f := fields()
	f.Number, f.More = record.Number{From: 0x9f3c5a0e12ab34cd, N: 17}, nil
	e := record.New(f)
	const want = `"service":"cart","sonde":{"from":"9f3c5a0e12ab34cd","n":17}}`
	if !strings.HasSuffix(string(e.JSON()), want) || !e.Numbered() || string(e.AppendNumbered(nil)) != string(e.JSON()) {
		t.Fatalf("%s does not end in %s", e.JSON(), want)
	}
	r, err := record.Parse(e.JSON())
	if err != nil {
		t.Fatal(err)
	}
	c := r.Clone()
	again, err := c.Event()
	if err != nil || c.Number != f.Number || again.Number() != f.Number || string(again.JSON()) != string(e.JSON()) {
		t.Errorf("read as %+v, again\n%s, want\n%s (%v)", c.Number, again.JSON(), e.JSON(), err)
	}
}

// TestNumberOfService: what a service has made is stored without its number, unless
// the sink asks for it.
func TestNumberOfService(t *testing.T) {
	f := fields()
	want := record.New(f)
	f.Number = record.Number{}
	text, layout := f.AppendJSON(nil)
	e := record.Stored(text, layout, &record.Source{}, &f.Trace, f.Time, 1, want.Number())
	if e.Numbered() || string(e.JSON()) != string(text) || e.Number() != want.Number() {
		t.Errorf("it is stored as %s", e.JSON())
	}
	if got := e.AppendNumbered([]byte("x")); string(got) != "x"+string(want.JSON()) {
		t.Errorf("with its number it is\n%s, want\n%s", got, want.JSON())
	}
	none := record.New(f)
	if none.Numbered() || string(none.AppendNumbered(nil)) != string(text) || !none.Number().IsZero() {
		t.Errorf("without a number it is %s", none.JSON())
	}
}
