package header_test

import (
	"testing"

	"github.com/sonde-go/sonde/header"
)

const someTraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestTraceParent(t *testing.T) {
	p, ok := header.ParseTraceParent(someTraceParent)
	if !ok || p.String() != someTraceParent || p.Trace[0] != 0x4b || p.Span[7] != 0xb7 || p.Flags != 1 {
		t.Errorf("%+v, %v", p, ok)
	}
	if s := (header.TraceParent{}).String(); s != "" {
		t.Errorf("the zero one is %q", s)
	}
	if zero := (header.TraceParent{}); p.TraceID() != "4bf92f3577b34da6a3ce929d0e0e4736" || p.SpanID() != "00f067aa0ba902b7" || zero.TraceID()+zero.SpanID() != "" {
		t.Errorf("ids %q %q, of the zero one %q %q", p.TraceID(), p.SpanID(), zero.TraceID(), zero.SpanID())
	}
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for text, want := range map[string]string{
		"00-" + trace + "-" + span + "-03":                     "00-" + trace + "-" + span + "-03",
		"01-" + trace + "-" + span + "-01":                     "00-" + trace + "-" + span + "-01",
		"01-" + trace + "-" + span + "-01-more":                "00-" + trace + "-" + span + "-01",
		"":                                                     "",
		"00":                                                   "",
		"00-" + trace + "-" + span + "-01-more":                "",
		"01-" + trace + "-" + span + "-01more":                 "",
		"00-" + trace + "-" + span + "-1":                      "",
		"ff-" + trace + "-" + span + "-01":                     "",
		"0g-" + trace + "-" + span + "-01":                     "",
		"00-" + trace + "-" + span + "-0g":                     "",
		"00_" + trace + "-" + span + "-01":                     "",
		"00-" + trace + "_" + span + "-01":                     "",
		"00-" + trace + "-" + span + "_01":                     "",
		"00-4BF92f3577b34da6a3ce929d0e0e4736-" + span + "-01":  "",
		"00-" + trace + "-00F067aa0ba902b7-01":                 "",
		"00-00000000000000000000000000000000-" + span + "-01":  "",
		"00-" + trace + "-0000000000000000-01":                 "",
		"00-" + trace + "-" + span + "-01, " + someTraceParent: "",
	} {
		if p, ok := header.ParseTraceParent(text); p.String() != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", text, p, ok, want)
		}
	}
}

func FuzzTraceParent(f *testing.F) {
	f.Add(someTraceParent)
	f.Add("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x")
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := header.ParseTraceParent(text)
		if ok != (p != header.TraceParent{}) {
			t.Fatalf("%q: %+v, %v", text, p, ok)
		}
		if !ok {
			return
		}
		if again, ok := header.ParseTraceParent(p.String()); !ok || again != p || p.String()[2:] != text[2:len(p.String())] {
			t.Errorf("%q: %q, again %+v %v", text, p, again, ok)
		}
	})
}

// TestWriteTraceParent: that of another trace stays.
func TestWriteTraceParent(t *testing.T) {
	const own, other = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000001-01", "00-00000000000000000000000000000001-00f067aa0ba902b7-01"
	for had, want := range map[string]string{
		"":              someTraceParent,
		own:             someTraceParent,
		someTraceParent: someTraceParent,
		other:           other,
		"00-x":          "00-x",
	} {
		c := plain{}
		if had != "" {
			c[header.TraceParentName] = had
		}
		header.Signed{Info: "i", HMAC: "h", TraceParent: someTraceParent}.Write(c)
		if c[header.TraceParentName] != want || c[header.InfoName] != "i" {
			t.Errorf("with %q it is %q", had, c)
		}
	}
	c := plain{}
	header.Signed{Info: "i", HMAC: "h"}.Write(c)
	if len(c) != 2 {
		t.Errorf("without one: %q", c)
	}
}
