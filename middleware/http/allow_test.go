package sondehttp

import (
	"net/url"
	"strings"
	"testing"
)

func TestAllowHosts(t *testing.T) {
	tests := []struct {
		allow string // a blank between two
		yes   string
		no    string
	}{
		{"a.example", "http://a.example https://A.Example:8443/x http://a.example./", "http://b.a.example http://xa.example http://a.example.org http://user@b.example/a.example"},
		{"A.example:8080", "http://a.example:8080", "http://a.example https://a.example http://a.example:80"},
		{"a.example:80 b.example:443", "http://a.example https://b.example", "https://a.example http://b.example"},
		{"*.a.example", "http://b.a.example http://c.b.a.example:99", "http://a.example http://xa.example http://.a.example"},
		{"*.a.example:80", "http://b.a.example", "https://b.a.example"},
		{"10.0.0.1 [::1]:80 fe80::1", "http://10.0.0.1:5 http://[::1]/ http://[fe80::1]:7", "http://10.0.0.10 http://[::1]:81 http://[::2]"},
		{"[::1]", "http://[::1]:81", "http://[::2]"},
		{"https://a.example", "https://a.example HTTPS://a.example:8443", "http://a.example http://a.example:443"},
		{"HTTP://*.a.example:80 https://[::1]", "http://b.a.example https://[::1]:9", "https://b.a.example:80 http://a.example http://[::1]"},
		{"", "", "http://a.example http:///"},
	}
	for _, test := range tests {
		allow := AllowHosts(strings.Fields(test.allow)...)
		for want, urls := range map[bool]string{true: test.yes, false: test.no} {
			for _, text := range strings.Fields(urls) {
				u, err := url.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				if got := allow.allows(u); got != want {
					t.Errorf("%q allows %s: %v", test.allow, text, got)
				}
				all := AllowAll()
				if !all.allows(u) {
					t.Errorf("AllowAll refuses %s", text)
				}
			}
		}
	}
}

func TestAllowHostsRefuses(t *testing.T) {
	for _, text := range []string{"", "*", "*.", ".", "a.example/x", "a b", "a.*.b", "user@a.example",
		"a.example:", "a.example:http", "[::1", "::1::g", "a,b", "*.*.a", "a%41", ".a", "*..a", "é.example", "[a]b", "a:1:2",
		"http://", "http://a.example/", "ftp://a.example", "http://*", "http://https://a", "//a.example"} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, "is not a host") {
					t.Errorf("%q: panic %q", text, v)
				}
			}()
			AllowHosts(text)
		}()
	}
}

func FuzzParseHost(f *testing.F) {
	for _, text := range []string{"a.example", "*.a:80", "[::1]:80", "::1", "."} {
		f.Add(text, "http://a.example:80/")
	}
	f.Fuzz(func(t *testing.T, text, target string) {
		p, ok := parseHost(text)
		if !ok {
			return
		}
		u, err := url.Parse(target)
		if err != nil {
			return
		}
		a := Allow{hosts: []hostPattern{p}}
		if a.allows(u) && !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), p.host) {
			t.Errorf("%q allows %q", text, target)
		}
	})
}
