package sqlstore

import (
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestParseURL has what SQLAlchemy 1.4's make_url says of the same URLs.
func TestParseURL(t *testing.T) {
	for text, want := range map[string]URL{
		"postgresql://scott:tiger@localhost/test":   {"postgresql", "scott", "tiger", "localhost", "", "test", nil},
		"mysql+pymysql://u:p%40x@h:1/d?a=1&b=%20+c": {"mysql+pymysql", "u", "p@x", "h", "1", "d", url.Values{"a": {"1"}, "b": {"  c"}}},
		"mysql://u:a:b/c?d@h/x":                     {"mysql", "u", "a:b/c?d", "h", "", "x", nil},
		"mysql://u@x@h":                             {"mysql", "u@x", "", "h", "", "", nil},
		"mysql://u@h":                               {"mysql", "u", "", "h", "", "", nil},
		"mysql://u:@h/":                             {"mysql", "u", "", "h", "", "", nil},
		"mysql://[fe80::1]:3/d":                     {"mysql", "", "", "fe80::1", "3", "d", nil},
		"mysql://u:100%@h/a%20b":                    {"mysql", "u", "100%", "h", "", "a%20b", nil},
		"sqlite:////abs/x.db":                       {"sqlite", "", "", "", "", "/abs/x.db", nil},
		"sqlite:///rel/x.db":                        {"sqlite", "", "", "", "", "rel/x.db", nil},
		"sqlite://":                                 {"sqlite", "", "", "", "", "", nil},
	} {
		got, err := ParseURL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.Query.Encode() != want.Query.Encode() {
			t.Errorf("%s: options %v, want %v", text, got.Query, want.Query)
		}
		got.Query, want.Query = nil, nil
		if got.Scheme != want.Scheme || got.User != want.User || got.Password != want.Password || got.Host != want.Host || got.Port != want.Port || got.Database != want.Database {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	for _, text := range []string{"", "mysql", "mysql:/x", "my-sql://h", "mysql://u:p@h:1:2/d", "mysql://u:a@b@c/d", "mysql://h:port/d", "mysql://h/d?%zz"} {
		if got, err := ParseURL(text); err == nil {
			t.Errorf("%q gives %+v", text, got)
		}
	}
}

// FuzzParseURL holds that what is put into a URL comes out.
func FuzzParseURL(f *testing.F) {
	f.Add("u", "p@/:%", "h", "d")
	f.Add("", "", "", "/abs")
	f.Fuzz(func(t *testing.T, user, password, host, database string) {
		if strings.ContainsAny(host, "/:?@[]\n") || strings.ContainsAny(database, "?\n") || user == "" {
			t.Skip()
		}
		text := "mysql://" + quote(user) + ":" + quote(password) + "@" + host + "/" + database
		got, err := ParseURL(text)
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
