package cli

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
)

func TestWire(t *testing.T) {
	for _, tt := range []struct {
		url, transport      string
		secret, tls, leaves bool
		addrs               string
	}{
		{"redis://h", "", false, false, true, "h:6379"},
		{"redis://:p@h:1/0", "", true, false, true, "h:1"},
		{"redis://u:p@localhost", "", true, false, false, "localhost:6379"},
		{"redis://u:p@127.0.0.7:6379", "", true, false, false, "127.0.0.7:6379"},
		{"redis://u:p@[::1]", "", true, false, false, "[::1]:6379"},
		{"redis://u:p@[2001:db8::1]:7", "", true, false, true, "[2001:db8::1]:7"},
		{"redis://", "", false, false, false, "localhost:6379"},
		{"rediss://u:p@h", "", true, true, true, "h:6379"},
		{"redis+cluster://u:p@localhost,h2:2", "", true, false, true, "localhost:6379,h2:2"},
		{"redissentinel://u:p@h/0", "", true, false, true, "h:26379"},
		{"elasticsearch://u:p@h/x?scroll_size=5", "", true, false, true, "h:9200"},
		{"elasticsearch+https://u:p@h", "", true, true, true, "h:9200"},
		{"otlp://h?header.api-key=x", "", true, false, true, "h:4318"},
		{"otlp+grpcs://h?header.api-key=x", "", true, true, true, "h:4317"},
		{"nats://token@h", "", true, false, true, "h:4222"},
		{"nats+tls://u:p@h1,u:p@h2:1", "", true, true, true, "h1:4222,h2:1"},
		{"mongodb://u:p@h/?authSource=admin", "", true, false, true, "h:27017"},
		{"mongodb://u:p@h/?tls=true", "", true, true, true, "h:27017"},
		{"mysql+pymysql://u:p@h/db", "", true, false, true, "h:3306"},
		{"mysql://u:p@h/db?ssl_ca=/x.pem", "", true, true, true, "h:3306"},
		{"mysql://u:p@h/db?unix_socket=/run/mysqld.sock", "", true, false, false, ""},
		{"postgresql://u:p@h/db", "", true, false, true, "h:5432"},
		{"postgresql+psycopg2://u:p@h/db?sslmode=require", "", true, true, true, "h:5432"},
		{"postgresql://u:p@/db?host=/run/postgresql", "", true, false, false, ""},
		{"messaging://u:p@h1,u:p@h2:1/v", "", true, false, true, "h1:5672,h2:1"},
		{"messaging://u:p@h/?ssl=1", "", true, true, true, "h:5672"},
		{"messaging://", "rabbit://u:p@h:1/", true, false, true, "h:1"},
		{"messaging://?transport_url=rabbit%3A%2F%2Fu%3Ap%40h%2F", "", true, false, true, "h:5672"},
		{"loginsight://u:p@h", "", true, true, true, "h:9543"},
	} {
		w, ok := wireOf(tt.url, drivers.Options{Params: map[string]string{"transport_url": tt.transport}})
		if addrs := strings.Join(w.addrs, ","); !ok || w.secret != tt.secret || w.tls != tt.tls || w.leaves() != tt.leaves || addrs != tt.addrs {
			t.Errorf("%s: %v, %+v, leaves %v", tt.url, ok, w, w.leaves())
		}
	}
	for _, url := range []string{"sqlite:///x", "file:///x", "memory", "memory://x"} {
		if w, ok := wireOf(url, drivers.Options{}); ok {
			t.Errorf("%s: %+v", url, w)
		}
	}
}

// TestCheckWarnsOfPlainPasswords that leave this machine.
func TestCheckWarnsOfPlainPasswords(t *testing.T) {
	for url, want := range map[string]string{
		"redis://u:secret@sonde.invalid":  "WARN redis://u:***@sonde.invalid does not ask for TLS, so its password and the traces can be read on the way: use rediss://\n",
		"redis://u:secret@127.0.0.1:1":    "",
		"rediss://u:secret@sonde.invalid": "",
		"redis://sonde.invalid":           "",
	} {
		r := command(t, "check", "--timeout", "5s", "--connection-string", url)
		if !strings.Contains(r.out, want) || strings.Contains(r.out, "WARN") != (want != "") || strings.Contains(r.out, "secret") {
			t.Errorf("%s: want %q in\n%s", url, want, r.out)
		}
	}
}
