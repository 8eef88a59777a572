package sampling

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	got, err := Parse("/healthz=0, POST /orders=1, nats:orders.*=10% # of messages\n/cart/*=10/m\n\n# nothing\ngrpc:=join 100%, GET =0.5,0.01")
	want := []Rule{
		{Path: "/healthz"}, {Method: "POST", Path: "/orders", Rate: 1}, {Layer: "nats", Path: "orders.*", Rate: 0.1},
		{Path: "/cart/*", PerMinute: 10}, {Layer: "grpc", Rate: 1, JoinOnly: true}, {Rate: 0.01},
	}
	want = append(want[:5:5], Rule{Path: "GET", Rate: 0.5}, want[5])
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"often":        "does not say how many",
		"/x=":          "does not say how many",
		"0.1\n/x=1,2":  "rate of 2",
		"\n/x y z=0.1": "line 2",
		"5/m%":         "does not say how many",
		"join 5/m":     "begins no trace",
		"-1/m":         "-1 a minute",
		"/a*b=1":       "only be its end",
		"#\n\n/x=150%": `line 3: "/x=150%" has a rate of 1.5`,
		"NaN":          "rate of NaN",
		"Inf/m":        "+Inf a minute",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestByteOrderMark: what an editor puts before the text is no part of the first rule.
func TestByteOrderMark(t *testing.T) {
	if got, err := Parse("\ufeff/healthz=0\r\n0.01\r\n"); err != nil || !reflect.DeepEqual(got, []Rule{{Path: "/healthz"}, {Rate: 0.01}}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("/healthz=0, POST /orders=1, nats:orders.*=10% # of messages\n/cart/*=10/m")
	f.Add("a:b c=1e-3")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := Parse(text)
		if err != nil {
			return
		}
		var texts []string
		for _, r := range rules {
			texts = append(texts, r.String())
		}
		again, err := Parse(strings.Join(texts, "\n"))
		if err != nil || len(again) != len(rules) {
			t.Fatalf("%q is written as %q: %v", text, texts, err)
		}
		for i := range rules {
			if rules[i] != again[i] {
				t.Fatalf("%+v is read back as %+v", rules[i], again[i])
			}
		}
	})
}
