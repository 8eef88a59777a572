package redis

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

func TestParseURL(t *testing.T) {
	tests := []struct {
		url  string
		want config
	}{
		{"redis://", config{addrs: []string{"localhost:6379"}}},
		{"redis://h", config{addrs: []string{"h:6379"}}},
		{"redis://h:1/", config{addrs: []string{"h:1"}}},
		{"redis://:pw@h:1/7", config{addrs: []string{"h:1"}, password: "pw", db: 7}},
		{"redis://u:p%40%2F%25%3a@h", config{addrs: []string{"h:6379"}, user: "u", password: "p@/%:"}},
		{"redis://u:a:b@h", config{addrs: []string{"h:6379"}, user: "u", password: "a:b"}},
		{"redis://:@h", config{addrs: []string{"h:6379"}}},
		{"redis://[::1]", config{addrs: []string{"[::1]:6379"}}},
		{"redis://[::1]:5?db=3", config{addrs: []string{"[::1]:5"}, db: 3}},
		{"redis://h?ttl=36h&legacy=true", config{addrs: []string{"h:6379"}, ttl: 36 * time.Hour, legacy: true}},
		{"redissentinel://:pw@h:26379", config{topology: sentinel, addrs: []string{"h:26379"}, password: "pw"}},
		{"redissentinel://h/5", config{topology: sentinel, addrs: []string{"h:26379"}}},
		{"redissentinel://a,b:1", config{topology: sentinel, addrs: []string{"a:26379", "b:1"}}},
		{"redis+cluster://a:1,b/0", config{topology: cluster, addrs: []string{"a:1", "b:6379"}}},
		{"rediss+cluster://a", config{topology: cluster, addrs: []string{"a:6379"}}},
	}
	for _, tt := range tests {
		u, err := drivers.ParseURL(tt.url, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		got, err := configOf(u)
		if err != nil || !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.url, got, err, tt.want)
		}
	}
}

func TestBadURLs(t *testing.T) {
	tests := []struct{ url, want string }{
		{"redis://h:port", "want host:port"},
		{"redis://h:0", "want host:port"},
		{"redis://h:65536", "want host:port"},
		{"redis://::1", "want host:port"},
		{"redis://[::1", "want host:port"},
		{"redis://a,b", "more than one server"},
		{"redis://h/x", "the database is a number"},
		{"redis://h/-1", "the database is a number"},
		{"redis://h?db=", ""}, // as if it were not there
		{"redis://h?db=x", "the database is a number"},
		{"redis+cluster://h/1", "database 0 only"},
		{"redis://h?ttl=1ms", "ttl is"},
		{"redis://h?ttl=x", "ttl is"},
		{"redis://h?legacy=perhaps", "legacy is"},
		{"redis://h?ssl_ca_certs=x", "option tls_ca belongs to TLS: use rediss://"},
		{"redis://h?pool=9", `unknown option "pool"`},
		{"redis://h?%zz", "name=value"},
		{"redis://hunter2@h", "names a user but no password"},
		{"redis://:hunter2%zz@h", "%25"},
		{"redis://:hunter2/x@h", "%2F"},
		{"redis://:hunter2#x@h", "%23"},
		{"redis://:hunter2?x@h", "%3F"},
		{"redis://:hunter2", "want host:port"},
		{"redis://:hunter2@", "want host:port"},
		{"redissentinel://:hunter2@h:x", "want host:port"},
	}
	for _, tt := range tests {
		d, err := drivers.Open(t.Context(), tt.url, drivers.Options{})
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.url, err)
				continue
			}
			d.Close()
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.url, err, tt.want)
			continue
		}
		if s := err.Error(); strings.Contains(s, "hunter2") || strings.Contains(s, "\n") {
			t.Errorf("%s: the error is %q", tt.url, s)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"redis://u:p%40@h:1/7?ttl=1h&legacy=1", "redissentinel://a,b:1", "rediss+cluster://[::1]:2,c/0", "redis://:a@b@c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		var c *config
		u, err := drivers.ParseURL(url, drivers.Options{})
		if err == nil {
			c, err = configOf(u)
		}
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q: the error has more than one line: %v", url, err)
			}
			return
		}
		for _, addr := range c.addrs {
			if strings.ContainsAny(addr, "@/?# \n") || !strings.Contains(addr, ":") {
				t.Errorf("%q: address %q", url, addr)
			}
		}
	})
}
