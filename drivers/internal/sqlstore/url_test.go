package sqlstore

import (
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestParse has what SQLAlchemy 1.4's make_url says of the same URLs.
func TestParse(t *testing.T) {
	for text, want := range map[string]Place{
		"scott:tiger@localhost/test": {"scott", "tiger", "localhost", "", "test"},
		"u:p%40x@h:1/d":              {"u", "p@x", "h", "1", "d"},
		"u:a:b/c?d@h/x":              {"u", "a:b/c?d", "h", "", "x"},
		"u@x@h":                      {"u@x", "", "h", "", ""},
		"u@h":                        {"u", "", "h", "", ""},
		"u:@h/":                      {"u", "", "h", "", ""},
		"[fe80::1]:3/d":              {"", "", "fe80::1", "3", "d"},
		"u:100%@h/a%20b":             {"u", "100%", "h", "", "a%20b"},
		"//abs/x.db":                 {"", "", "", "", "/abs/x.db"},
		"/rel/x.db":                  {"", "", "", "", "rel/x.db"},
		"":                           {"", "", "", "", ""},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"u:p@h:1:2/d", "u:a@b@c/d", "h:port/d", "h/d?a=b"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q gives %+v", text, got)
		}
	}
}

// FuzzParse holds that what is put into a URL comes out.
func FuzzParse(f *testing.F) {
	f.Add("u", "p@/:%", "h", "d")
	f.Add("", "", "", "/abs")
	f.Fuzz(func(t *testing.T, user, password, host, database string) {
		if strings.ContainsAny(host, "/:?@[]\n") || strings.ContainsAny(database, "?\n") || user == "" {
			t.Skip()
		}
		text := quote(user) + ":" + quote(password) + "@" + host + "/" + database
		got, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got.User != user || got.Password != password || got.Host != host || got.Database != database {
			t.Fatalf("%q: %+v", text, got)
		}
	})
}

// quote is Python's urllib.parse.quote with nothing safe.
func quote(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
