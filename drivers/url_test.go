package drivers_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
)

// place is a scheme whose driver says what it was given.
var place = sync.OnceFunc(func() {
	drivers.Register(drivers.Scheme{
		Name: "place", Port: "7", TLS: drivers.TLSByOption,
		Options: []drivers.Option{
			{Name: "via", Kind: drivers.Location}, {Name: "n", Kind: drivers.Count, Default: "1"},
			{Name: "host", Kind: drivers.Host}, {Name: "mode", TLS: []string{"require"}},
		},
		Open: func(_ context.Context, u *drivers.URL, _ drivers.Options) (driver.Driver, error) {
			if _, _, err := u.Servers(); err != nil {
				return nil, err
			}
			return nil, errors.New("fine")
		},
	})
})

func TestURL(t *testing.T) {
	place()
	for _, tt := range []struct {
		url, place, via, addrs string
		n                      int
		tls, secret            bool
	}{
		{"place://", "", "", "localhost:7", 1, false, false},
		{"place://h1,h2:8/a?n=2&", "h1,h2:8/a", "", "h1:7 h2:8", 2, false, false},
		{"place://u:p@h?n=", "u:p@h", "", "h:7", 1, false, true},
		{"place://u:a?b@h?n=3", "u:a?b@h", "", "h:7", 3, false, true},
		{"place://h?tls=yes", "h", "", "h:7", 1, true, false},
		{"place://h?ssl=1&ssl_ca_file=/ca.pem", "h", "", "h:7", 1, true, false},
		{"place://h?tls_ca=/ca.pem", "h", "", "h:7", 1, true, false},
		{"place://h?mode=require", "h", "", "h:7", 1, true, false},
		{"place://h?mode=prefer", "h", "", "h:7", 1, false, false},
		{"place://h?host=/run/x", "h", "", "", 1, false, false},
		{"place://?via=other://u:p%2F@h/v", "u:p%2F@h/v", "other", "h:7", 1, false, true},
		{"place:///?via=other%3A%2F%2Fu%3Ap%40h%2Fv%3Ftls%3D1&n=4", "u:p@h/v", "other", "h:7", 4, true, true},
		{"place://h?via=other://g", "h", "", "h:7", 1, false, false},
	} {
		u, err := drivers.ParseURL(tt.url, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		addrs, ok := u.Addrs()
		if got := strings.Join(addrs, " "); !ok || u.Place != tt.place || u.Via != tt.via || got != tt.addrs ||
			u.Count("n") != tt.n || u.UsesTLS() != tt.tls || u.Secret() != tt.secret {
			t.Errorf("%s: place %q via %q at %q, n %d, TLS %v, secret %v", tt.url, u.Place, u.Via, got, u.Count("n"), u.UsesTLS(), u.Secret())
		}
	}
	for url, want := range map[string]string{
		"place://h?tls=no&tls_ca=x":   "option tls_ca belongs to TLS: use the option tls=true",
		"place://?via=nowhere":        "option via is not a URL",
		"place://?via=o://h?n=1&n=2":  "option n is given twice",
		"place://h?x=http://hunter2@": "are written %2F",
		"place://h?n=1#hunter2":       "are written %2F",
	} {
		if _, err := drivers.ParseURL(url, drivers.Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}

// FuzzOpen holds that no error of a URL shows the password, however it was
// written.
func FuzzOpen(f *testing.F) {
	place()
	f.Add("user", "geheim!", "host:1", "/0?n=1")
	f.Add("u", "a/b?c#d", "h", "/db?x=1")
	f.Add("u", "a?b=://", "h", "")
	f.Fuzz(func(t *testing.T, user, password, host, tail string) {
		const mark = "GEHEIM"
		if strings.ContainsAny(user+host, ":@/?#") || strings.Contains(user+host+tail, mark) {
			t.Skip()
		}
		for _, p := range []string{password + mark, mark + password, password + mark + password} {
			_, err := drivers.Open(t.Context(), "place://"+user+":"+p+"@"+host+tail, drivers.Options{})
			if err == nil || strings.Contains(err.Error(), mark) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q: %v", p, err)
			}
		}
	})
}
