package sondehttp

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Allow says which hosts may be sent the signed headers of a trace. Anyone who
// sees them can have requests traced with them until the key is changed, up to the
// limits of [profiler.LimitConfig], so they must not go to strangers. The zero
// Allow allows no host.
type Allow struct {
	all   bool
	hosts []hostPattern
}

// hostPattern is one argument of AllowHosts, in lower case.
type hostPattern struct {
	scheme string // "": any
	host   string
	below  bool   // the subdomains of host, not host itself
	port   string // "": any
}

// AllowAll allows every host. It is for clients that call only your own
// services.
func AllowAll() Allow { return Allow{all: true} }

// AllowHosts allows the named hosts: "a.example" on any port, "a.example:8080"
// on that one, "*.a.example" the subdomains of a.example but not a.example
// itself; a wildcard may have a port too. Each may begin with a scheme:
// "https://a.example" does not allow http://a.example. IPv6 addresses with a port
// are written in brackets, names that are not ASCII in their xn-- form. It panics
// if an argument is not a host, for instance if it is a URL with a path.
func AllowHosts(hosts ...string) Allow {
	var a Allow
	for _, h := range hosts {
		p, ok := parseHost(h)
		if !ok {
			panic(fmt.Sprintf("sondehttp: AllowHosts: %q is not a host, want for instance a.example, *.a.example, a.example:8080 or https://a.example", h))
		}
		a.hosts = append(a.hosts, p)
	}
	return a
}

func parseHost(text string) (hostPattern, bool) {
	p := hostPattern{host: strings.ToLower(text)}
	for _, scheme := range [...]string{"http", "https"} {
		if host, ok := strings.CutPrefix(p.host, scheme+"://"); ok {
			p.scheme, p.host = scheme, host
			break
		}
	}
	if strings.Count(p.host, ":") < 2 || p.host[0] == '[' { // else a bare IPv6 address
		u := url.URL{Host: p.host}
		p.host, p.port = u.Hostname(), u.Port()
		if strings.HasSuffix(u.Host, ":") {
			return p, false
		}
	}
	p.host, p.below = strings.CutPrefix(p.host, "*.")
	p.host = strings.TrimSuffix(p.host, ".")
	if strings.Contains(p.host, ":") {
		_, err := netip.ParseAddr(p.host)
		return p, err == nil && !p.below
	}
	return p, p.host != "" && p.host[0] != '.' && strings.Trim(p.host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// allows reports whether r, which leads to d, may carry the headers. A redirect from
// https to http may not, whatever host it leads to: anyone on the way could read them.
func (d destination) allows(r *http.Request) bool {
	if r.URL.Scheme != "https" {
		for from := r.Response; from != nil && from.Request != nil; from = from.Request.Response {
			if u := from.Request.URL; u != nil && u.Scheme == "https" {
				return false
			}
		}
	}
	return d.allowed
}

func (a *Allow) allows(u *url.URL) bool {
	if a.all {
		return true
	}
	host, port := strings.TrimSuffix(u.Hostname(), "."), portOf(u)
	for _, p := range a.hosts {
		if (p.scheme == "" || strings.EqualFold(p.scheme, u.Scheme)) && (p.port == "" || p.port == port) && p.matches(host) {
			return true
		}
	}
	return false
}

func (p *hostPattern) matches(host string) bool {
	if !p.below {
		return strings.EqualFold(host, p.host)
	}
	dot := len(host) - len(p.host) - 1
	return dot > 0 && host[dot] == '.' && strings.EqualFold(host[dot+1:], p.host)
}

// portOf is the port that u means, or "" if its scheme has no default.
func portOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		switch u.Scheme {
		case "http":
			return "80"
		case "https":
			return "443"
		}
	}
	return port
}
