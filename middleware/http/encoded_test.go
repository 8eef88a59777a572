package sondehttp

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/sonde-go/sonde/profiler"
)

// FuzzDescribe: what is recorded about requests and calls, and whom headers may be
// sent to, is the same whether it is new or known.
func FuzzDescribe(f *testing.F) {
	f.Add("GET", "https://a.example/", "POST", "http://A.example:80/x", 200)
	f.Add("", "ftp://a.example", "get", "//b.example", -1)
	f.Add("BREW", "HTTP://c.example:x", "DELETE", "https://[::1]:8443", 999)
	f.Fuzz(func(t *testing.T, method, target, method2, target2 string, status int) {
		allow := AllowHosts("https://a.example", "*.b.example:80")
		known := hosts{allow: allow}
		for range 3 {
			for _, c := range [][2]string{{method, target}, {method2, target2}} {
				u, err := url.Parse(c[1])
				if err != nil {
					continue
				}
				r := &http.Request{Method: c[0], URL: u}
				if got, want := known.of(u).describe(r), encodeCall(r); got != want {
					t.Fatalf("%q %q: %+v, want %+v", c[0], c[1], got, want)
				}
				if got, want := known.of(u).allowed, allow.allows(u); got != want {
					t.Fatalf("%q: allowed %v, want %v", c[1], got, want)
				}
				for scheme, tls := range map[string]bool{"http": false, "https": true} {
					want := profiler.Encode(slog.String("method", c[0]), slog.String("scheme", scheme))
					if got := describeRequest(c[0], tls); got != want {
						t.Fatalf("%q: %+v, want %+v", c[0], got, want)
					}
				}
			}
			want := encodeStatus(status)
			if got := describeAnswer(status, 5); got != want.With(5) {
				t.Fatalf("%d: %+v", status, got)
			}
		}
	})
}
