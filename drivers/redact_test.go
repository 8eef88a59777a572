package drivers_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/sonde-go/sonde/drivers"
)

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"redis://localhost:6379/0", "redis://localhost:6379/0"},
		{"redis://:geheim@localhost:6379/0", "redis://:***@localhost:6379/0"},
		{"mysql+pymysql://root:ge%40heim@db/osprofiler?charset=utf8", "mysql+pymysql://root:***@db/osprofiler?charset=utf8"},
		{"postgresql://u:a@b@db:5432/x", "postgresql://u:***@db:5432/x"},
		{"postgresql://u:a/b@db/x", "postgresql://***"},
		{"postgresql://u:a?b@db/x", "postgresql://***"},
		{"postgresql://u:12#b@db/x", "postgresql://***"},
		{"postgresql://u:p@db/x?sslpassword=q&sslmode=require", "postgresql://u:***@db/x?sslpassword=***&sslmode=require"},
		{"redis://h?%70assword=q;db=1", "redis://h?%70assword=***;db=1"},
		{"redis://h?password=a@b", "redis://***"},
		{"otlp://h?header.x-team=q&a=b", "otlp://h?header.x-team=***&a=b"},
		{"nats://t0ken@h:4222", "nats://***@h:4222"},
		{"nats://u:p@h1:4222,v:q@h2:4222", "nats://u:***@h2:4222"},
		{"nats://t@h1,v:q@h2", "nats://***@h2"},
		{"redis://user:geheim", "redis://***"},
		{"messaging://?transport_url=rabbit://u:geheim@h:5672/", "messaging://***"},
		{"messaging://?transport_url=rabbit%3A%2F%2Fu%3Ageheim%40h%3A5672%2F", "messaging://?transport_url=***"},
		{"jaeger://h?query=http%3A%2F%2Fu%3Ageheim%40h", "jaeger://h?query=***"},
		{"rediss://h?tls_key=/etc/k.pem&tls_ca=/etc/ca.pem&socket_timeout=2s", "rediss://h?tls_key=/etc/k.pem&tls_ca=/etc/ca.pem&socket_timeout=2s"},
		{"redis://[::1]:6379,h2:6379", "redis://[::1]:6379,h2:6379"},
		{"sqlite:////var/lib/sonde.db", "sqlite:////var/lib/sonde.db"},
		{"messaging", "messaging"},
		{"user:geheim@host", "***"},
		{"u:p@h://x", "***"},
		{"", "***"},
		{"file:///a\nb\x1b[31m", "file:///a\ufffdb\ufffd[31m"},
		{"redis://u:\xff@h", "redis://u:***@h"},
	} {
		if got := drivers.Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzRedact holds that no password, escaped or typed as it is, comes through.
func FuzzRedact(f *testing.F) {
	f.Add("redis", "user", "geheim!", "host:1", "/0?x=1")
	f.Add("postgresql", "u", "a/b@c?d#e", "h", "/db?options=a@b")
	f.Add("nats", "", "://", "h1,h2", "")
	f.Fuzz(func(t *testing.T, scheme, user, password, host, tail string) {
		const mark = "GEHEIM"
		clear := func(s string) bool { return strings.Contains(s, mark) || strings.ContainsAny(s, ":@/?#") }
		if clear(user) || clear(host) || strings.Contains(tail, mark) || strings.Contains(scheme, mark) {
			t.Skip()
		}
		for _, p := range []string{password + mark, mark + password, password + mark + password, url.PathEscape(password) + mark} {
			got := drivers.Redact(scheme + "://" + user + ":" + p + "@" + host + tail)
			if strings.Contains(got, mark) {
				t.Errorf("password shown: %q", got)
			}
			if strings.ContainsFunc(got, unicode.IsControl) {
				t.Errorf("control character: %q", got)
			}
		}
		if got := drivers.Redact(password + mark + "@" + host); strings.Contains(got, mark) && !strings.Contains(password, "://") {
			t.Errorf("without a scheme, the password is shown: %q", got)
		}
	})
}
