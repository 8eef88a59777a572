package redis

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// topology says what the addresses of a URL are.
type topology int

const (
	single   topology = iota // the server
	sentinel                 // sentinels that know it
	cluster                  // some nodes of a cluster
)

var schemes = map[string]struct {
	topology topology
	tls      bool
	port     string
}{
	"redis":          {single, false, "6379"},
	"rediss":         {single, true, "6379"},
	"redissentinel":  {sentinel, false, "26379"},
	"redis+cluster":  {cluster, false, "6379"},
	"rediss+cluster": {cluster, true, "6379"},
}

// config is what a URL says.
type config struct {
	topology       topology
	addrs          []string
	user, password string
	db             int
	ttl            time.Duration // 0: none
	legacy         bool

	tls      bool
	caFile   string // "": the system's authorities
	insecure bool   // the server's certificate is not verified
}

// parseURL reads a URL. Its errors quote nothing that could be a part of a
// password.
func parseURL(rawURL string) (*config, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	known, ok := schemes[scheme]
	if !ok {
		return nil, errors.New("not a URL of Redis")
	}
	c := &config{topology: known.topology, tls: known.tls}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	if strings.ContainsAny(path+query, "@#") || strings.Contains(authority, "#") {
		return nil, errors.New(`"/", "?", "#" and "@" in a password are written %2F, %3F, %23 and %40`)
	}
	hosts, err := c.parseUser(authority)
	if err != nil {
		return nil, err
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := address(host, known.port)
		if err != nil {
			return nil, err
		}
		c.addrs = append(c.addrs, addr)
	}
	if c.topology == single && len(c.addrs) > 1 {
		return nil, errors.New("names more than one server; sentinels are given as redissentinel://, a cluster as redis+cluster://")
	}
	if err := c.parseDB(path); err != nil {
		return nil, err
	}
	return c, c.parseQuery(query)
}

func (c *config) parseUser(authority string) (hosts string, err error) {
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return authority, nil
	}
	user, password, ok := strings.Cut(authority[:at], ":")
	if !ok {
		return "", errors.New("names a user and no password; a password alone is written :password@host")
	}
	var err1, err2 error
	c.user, err1 = url.PathUnescape(user)
	c.password, err2 = url.PathUnescape(password)
	if err1 != nil || err2 != nil {
		return "", errors.New(`"%" in a user or password is written %25`)
	}
	return authority[at+1:], nil
}

var errAddress = errors.New("want host:port after the password")

// address completes "", "host", "host:port", "[::1]" and "[::1]:port".
func address(s, port string) (string, error) {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", errAddress
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return "", errAddress
		}
	} else if strings.Contains(host, ":") {
		return "", errAddress
	}
	if strings.ContainsAny(host, "[]% \t\r\n") {
		return "", errAddress
	}
	if host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}

func (c *config) parseDB(s string) error {
	if s == "" {
		return nil
	}
	db, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return errors.New("the database is a number")
	}
	switch c.topology {
	case single:
		c.db = int(db)
	case cluster:
		if db != 0 {
			return errors.New("a cluster has the database 0 only")
		}
	}
	return nil
}

func (c *config) parseQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the query is not name=value&name=value")
	}
	for name, all := range values {
		value := all[len(all)-1]
		var err error
		switch name {
		case "db":
			err = c.parseDB(value)
		case "ttl":
			c.ttl, err = time.ParseDuration(value)
			if err != nil || c.ttl < time.Second {
				err = errors.New("ttl is a duration of a second or more, such as 72h")
			}
		case "legacy":
			if c.legacy, err = strconv.ParseBool(value); err != nil {
				err = errors.New("legacy is true or false")
			}
		case "ssl_ca_certs":
			c.caFile = value
		case "ssl_cert_reqs":
			if c.insecure = value == "none"; !c.insecure && value != "required" {
				err = errors.New("ssl_cert_reqs is required or none")
			}
		default:
			err = fmt.Errorf("unknown option %q", name)
		}
		if err != nil {
			return err
		}
	}
	if !c.tls && (c.caFile != "" || c.insecure) {
		return errors.New("ssl_ca_certs and ssl_cert_reqs belong to rediss:// and rediss+cluster://")
	}
	return nil
}
