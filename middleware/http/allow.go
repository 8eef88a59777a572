package sondehttp

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Allow says which hosts may be told of a trace. Anyone who sees the signed
// headers can start traces with them until the key is changed, so they must not
// go to strangers. The zero Allow allows nobody.
type Allow struct {
	all   bool
	hosts []hostPattern
}

// hostPattern is one argument of AllowHosts, in lower case.
type hostPattern struct {
	host  string
	below bool   // what is below host, not host itself
	port  string // "": any
}

// AllowAll allows every host. It is for clients that speak to nobody but
// one's own services.
func AllowAll() Allow { return Allow{all: true} }

// AllowHosts allows the named hosts: "a.example" on any port, "a.example:8080"
// on that one, "*.a.example" what is below a.example (not itself), also with a
// port. IPv6 addresses with a port are in brackets, names
// that are not ASCII in their xn-- form. It panics if a text is no
// host, for instance a URL.
func AllowHosts(hosts ...string) Allow {
	var a Allow
	for _, h := range hosts {
		p, ok := parseHost(h)
		if !ok {
			panic(fmt.Sprintf("sondehttp: AllowHosts: %q is not a host, want for instance a.example, *.a.example or a.example:8080", h))
		}
		a.hosts = append(a.hosts, p)
	}
	return a
}

func parseHost(text string) (hostPattern, bool) {
	p := hostPattern{host: strings.ToLower(text)}
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

func (a *Allow) allows(u *url.URL) bool {
	if a.all {
		return true
	}
	host, port := strings.TrimSuffix(u.Hostname(), "."), portOf(u)
	for _, p := range a.hosts {
		if (p.port == "" || p.port == port) && p.matches(host) {
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

// portOf is the port that u means, "" if its scheme has none.
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
