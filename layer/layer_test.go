package layer_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestKinds(t *testing.T) {
	for _, k := range []layer.Kind{layer.Unspecified, layer.Internal, layer.Server, layer.Client, layer.Producer, layer.Consumer} {
		if got := layer.ParseKind(k.String()); got != k {
			t.Errorf("%d is stored as %q and read as %d", k, k, got)
		}
	}
	if layer.ParseKind("SERVER") != layer.Unspecified || layer.Kind(99).String() != "" {
		t.Error("a kind that is none")
	}
}

func TestExpand(t *testing.T) {
	values := map[string]string{"m": "GET", "host": "bank", "port": "8443", "path": "/pay", "brace": "{m}"}
	for template, want := range map[string]string{
		"":                         "",
		"{m} {path}":               "GET /pay",
		"{m} {none} {path}":        "GET /pay",
		"{m} {host}:{port}{path}":  "GET bank:8443/pay",
		"{m} {host}:{none}{path}":  "GET bank/pay",
		"{none}:{port}":            ":8443",
		"{none}/{none}":            "",
		"[{m}]":                    "[GET]",
		"[{none}]":                 "",
		"to {host}":                "to bank",
		"{m":                       "{m",
		"m}":                       "m}",
		"{brace}":                  "{m}", // what is put in is not expanded
		"}{m}":                     "}GET",
		strings.Repeat("{m} ", 50): strings.TrimSpace(strings.Repeat("GET ", 50)),
	} {
		if got := layer.Expand(template, func(m string) string { return values[m] }); got != want {
			t.Errorf("%q is %q, want %q", template, got, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("{requests.method} {a}:{b}{c} x")
	f.Add("}{ }{{}} {")
	f.Fuzz(func(t *testing.T, template string) {
		got := layer.Expand(template, func(m string) string { return m })
		if len(got) > len(template) {
			t.Errorf("%q grows to %q", template, got)
		}
	})
}

// TestTable: what the table says is consistent, so that a reader can trust it.
func TestTable(t *testing.T) {
	groups := map[string]bool{}
	for _, l := range layer.All {
		if groups[l.Group] || layer.ByGroup(l.Group) != l || l.Label == "" {
			t.Errorf("layer %q", l.Group)
		}
		groups[l.Group] = true
		names := map[string]bool{}
		for i := range l.Attributes {
			a := &l.Attributes[i]
			if names[a.Name] {
				t.Errorf("%s: %s stands twice", l.Group, a.Name)
			}
			names[a.Name] = true
			path, ok := a.Member()
			if root, _, _ := strings.Cut(path, "."); ok && root != l.Group && root != "response" && root != "operation" {
				t.Errorf("%s: attribute %s is of another group: %s", l.Group, a.Name, path)
			}
		}
	}
	if layer.ByGroup("pulsar") != nil {
		t.Error("an unknown group has a layer")
	}
}

func TestOperation(t *testing.T) {
	for _, c := range []struct {
		l         *layer.Layer
		k         layer.Kind
		statement string
		want      string
	}{
		{layer.SQL, layer.Client, "\n select  1", "SELECT"},
		{layer.SQL, layer.Client, "", ""},
		{layer.NATS, layer.Producer, "", "send"},
		{layer.NATS, layer.Client, "", "send"},
		{layer.NATS, layer.Consumer, "", "process"},
		{layer.NATS, layer.Internal, "", ""},
		{layer.GRPC, layer.Client, "", ""},
	} {
		if got := c.l.Operation(c.k, c.statement); got != c.want {
			t.Errorf("%s %v %q: %q, want %q", c.l.Group, c.k, c.statement, got, c.want)
		}
	}
}

var pulsar = &layer.Layer{
	Group: "pulsar", Kind: layer.Producer, Label: "{pulsar.topic}/{pulsar.partition}", Span: "{operation} {pulsar.topic}",
	Attributes: []layer.Attribute{
		{Name: "messaging.destination.name", Value: "{pulsar.topic}"},
		{Name: "messaging.system", Value: "pulsar"},
	},
}

func TestStored(t *testing.T) {
	b, err := pulsar.Stored()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"group":"pulsar","kind":"producer","label":"{pulsar.topic}/{pulsar.partition}","span":"{operation} {pulsar.topic}","attributes":{"messaging.destination.name":"{pulsar.topic}","messaging.system":"pulsar"}}`
	if string(b) != want {
		t.Errorf("stored as %s, want %s", b, want)
	}
	got, err := layer.Parse(b)
	if err != nil || !reflect.DeepEqual(got, pulsar) {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	many := make([]layer.Attribute, 65)
	for name, l := range map[string]*layer.Layer{
		"no group": {}, "a group of ours": {Group: "db"}, "a member of info": {Group: "etype"},
		"too long a label": {Group: "x", Label: strings.Repeat("y", 257)}, "too many": {Group: "x", Attributes: many},
	} {
		if b, err := l.Stored(); err == nil {
			t.Errorf("%s is stored: %s", name, b)
		}
	}
	for _, text := range []string{``, `null`, `[]`, `{}`, `{"group":"db"}`, `{"group":7}`, `{"group":"x","label":"` + strings.Repeat("y", 257) + `"}`, strings.Repeat(" ", 5000)} {
		if l, err := layer.Parse([]byte(text)); err == nil {
			t.Errorf("%.30q is read as %+v", text, l)
		}
	}
}

func FuzzParse(f *testing.F) {
	b, _ := pulsar.Stored()
	f.Add(b)
	f.Add([]byte(`{"group":"x","attributes":{"a":"{b}","a":"c"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := layer.Parse(b)
		if err != nil {
			return
		}
		again, err := l.Stored()
		if err != nil {
			return // as JSON it may grow past the limit
		}
		if l2, err := layer.Parse(again); err != nil || !reflect.DeepEqual(l, l2) {
			t.Errorf("%s is %+v, then %+v (%v)", b, l, l2, err)
		}
	})
}

func TestFormat(t *testing.T) {
	for i := range layer.GRPC.Attributes {
		a := &layer.GRPC.Attributes[i]
		switch a.Name {
		case "rpc.method":
			if got, ok := a.Format("/a.B/C"); got != "a.B/C" || !ok {
				t.Error(got, ok)
			}
		case "rpc.response.status_code":
			for code, want := range map[string]string{"OK": "OK", "Canceled": "CANCELLED", "DeadlineExceeded": "DEADLINE_EXCEEDED"} {
				if got, _ := a.Format(code); got != want {
					t.Errorf("%s is %s", code, got)
				}
			}
		case "grpc.method":
			if got, ok := a.Format("/a.B/C"); got != "/a.B/C" || ok {
				t.Error(got, ok)
			}
		}
	}
}
