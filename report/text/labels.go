package text

import (
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
)

// labels shorten details by leaving out what all of them share, since that does not
// distinguish rows.
type labels struct {
	methods  map[string]string // service of gRPC by its method, "" if several have one of that name
	services map[string]string // the same by the service's name without its package
	hosts    map[string]bool   // of calls over HTTP, with their ports
	domain   string            // that all hosts end in
	detail   string            // the first with a path
	several  bool              // there are others
	prefix   string            // that all paths begin with: "/api/v1"
}

func newLabels() *labels {
	return &labels{methods: map[string]string{}, services: map[string]string{}, hosts: map[string]bool{}}
}

// add examines a detail of the trace. It may be given one more than once.
func (l *labels) add(detail string) {
	if service, method, _, ok := parseGRPC(detail); ok {
		unique(l.methods, method, service)
		unique(l.services, base(service), service)
	} else if _, host, path, _, ok := parseHTTP(detail); ok {
		if host != "" && !l.hosts[host] {
			l.hosts[host] = true
			l.domain = sharedDomain(l.domain, host, len(l.hosts) == 1)
		}
		folder := path[:strings.LastIndexByte(path, '/')]
		if l.detail == "" {
			l.detail, l.prefix = detail, folder
		}
		l.several = l.several || detail != l.detail
		l.prefix = shared(l.prefix, folder)
	}
}

// unique keeps the service of a name, or "" once there is a second one.
func unique(services map[string]string, name, service string) {
	if other, ok := services[name]; ok && other != service {
		service = ""
	}
	services[name] = service
}

// base is what comes after a package: "Cart" of "shop.v1.Cart".
func base(service string) string { return service[strings.LastIndexByte(service, '.')+1:] }

// shared is the part of two folders that both begin with: "/api" of "/api/v1"
// and "/api/v2".
func shared(a, b string) string {
	for a != b {
		if len(a) < len(b) {
			a, b = b, a
		}
		a = a[:max(0, strings.LastIndexByte(a, '/'))]
	}
	return a
}

// sharedDomain is the common suffix of a domain, which several hosts have, and of one
// more host, from a dot on, including ports. The first host has no domain to share.
func sharedDomain(domain, host string, first bool) string {
	name, port, _ := strings.Cut(host, ":")
	_, after, _ := strings.Cut(name, ".")
	end := "." + after + ":" + port
	if first {
		return end
	}
	for domain != "" && !strings.HasSuffix(end, domain) {
		i := strings.IndexAny(domain[1:], ".:")
		if i < 0 {
			return ""
		}
		domain = domain[i+1:]
	}
	return domain
}

// short is a detail without what others share, clean.
func (l *labels) short(detail string) string {
	if service, method, rest, ok := parseGRPC(detail); ok {
		switch {
		case l.methods[method] != "":
			service = ""
		case l.services[base(service)] != "":
			service = base(service) + "/"
		default:
			service += "/"
		}
		return terminal.Clean(service + method + strings.TrimPrefix(rest, " OK"))
	}
	if method, host, path, rest, ok := parseHTTP(detail); ok {
		if l.several && len(l.prefix) > 3 {
			path = "…" + strings.TrimPrefix(path, l.prefix)
		}
		return terminal.Clean(method + " " + l.shortHost(host) + path + rest)
	}
	return terminal.Clean(detail)
}

func (l *labels) shortHost(host string) string {
	if len(l.hosts) < 2 {
		return host
	}
	name, port, _ := strings.Cut(host, ":")
	if strings.HasSuffix(l.domain, ":"+port) && strings.HasPrefix(l.domain, ".") {
		return strings.TrimSuffix(name, strings.TrimSuffix(l.domain, ":"+port))
	}
	if l.domain == ":"+port {
		return name
	}
	return host
}

// withoutColumns is a query without the list of what it selects: its table is what
// distinguishes it.
func withoutColumns(statement string) string {
	const verb, from = "SELECT ", " FROM "
	if len(statement) < len(verb) || !strings.EqualFold(statement[:len(verb)], verb) {
		return statement
	}
	for i := len(verb); i+len(from) <= len(statement); i++ {
		if strings.EqualFold(statement[i:i+len(from)], from) {
			return statement[:len(verb)] + "…" + statement[i:]
		}
	}
	return statement
}

// parseGRPC takes "/shop.v1.Cart/Add OK" apart; the rest begins with a blank.
func parseGRPC(detail string) (service, method, rest string, ok bool) {
	if !strings.HasPrefix(detail, "/") {
		return "", "", "", false
	}
	call := detail
	if i := strings.IndexByte(detail, ' '); i > 0 {
		call, rest = detail[:i], detail[i:]
	}
	service, method, ok = strings.Cut(call[1:], "/")
	return service, method, rest, ok && service != "" && method != "" && !strings.Contains(method, "/")
}

var httpMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// parseHTTP takes "GET shop:80/cart 200" apart; the rest begins with a blank.
func parseHTTP(detail string) (method, host, path, rest string, ok bool) {
	method, target, _ := strings.Cut(detail, " ")
	if !slices.Contains(httpMethods, method) {
		return "", "", "", "", false
	}
	if i := strings.IndexByte(target, ' '); i > 0 {
		target, rest = target[:i], target[i:]
	}
	i := strings.IndexByte(target, '/')
	if i < 0 {
		return "", "", "", "", false
	}
	return method, target[:i], target[i:], rest, true
}
