package messaging

import (
	"crypto/tls"
	"errors"
	"net/url"
	"strings"

	"github.com/sonde-go/sonde/drivers/internal/hostlist"
	"github.com/sonde-go/sonde/drivers/kit"
)

// config is what a URL says.
type config struct {
	hosts []hostlist.Host
	vhost string
	tls   *tls.Config // nil: none
}

var (
	errNoBroker = errors.New("names no broker; want messaging://user:password@host:5672/vhost, or messaging:// with a transport URL")
	errEscape   = errors.New(`"/", "?", "#" and "@" in a user name or password are written %2F, %3F, %23 and %40`)
	errOption   = errors.New("a transport URL has the options ssl and ssl_ca_file, each at most once")
)

// parseURL reads a driver's URL; transport is the broker's where it names none.
// The errors quote nothing that could be a part of a password.
func parseURL(rawURL, transport string) (*config, error) {
	rest := strings.TrimPrefix(rawURL, "messaging://")
	place, query, _ := strings.Cut(rest, "?")
	if strings.Trim(place, "/") != "" {
		return parseBroker(rest)
	}
	switch value, ok := strings.CutPrefix(query, "transport_url="); {
	case ok && strings.Contains(value, "://"):
		transport = value
	case ok:
		plain, err := url.QueryUnescape(value)
		if err != nil {
			return nil, errors.New("the transport_url cannot be read")
		}
		transport = plain
	case query != "":
		return nil, errors.New("messaging:// without a host has the option transport_url alone")
	case transport == "":
		return nil, errNoBroker
	}
	scheme, rest, ok := strings.Cut(transport, "://")
	if !ok || scheme != "rabbit" && scheme != "kombu" {
		return nil, errors.New("a transport URL begins with rabbit://; other transports of oslo.messaging are not supported")
	}
	return parseBroker(rest)
}

// parseBroker reads user:password@host:port,…/vhost?options.
func parseBroker(s string) (*config, error) {
	s, query, _ := strings.Cut(s, "?")
	authority, path, _ := strings.Cut(s, "/")
	if strings.ContainsAny(path+query, "@#") || strings.Contains(authority, "#") {
		return nil, errEscape
	}
	if authority == "" {
		return nil, errNoBroker
	}
	c := &config{vhost: "/"}
	var err error
	if c.hosts, err = hostlist.Parse(authority, "5672"); err != nil {
		return nil, err
	}
	for i := range c.hosts {
		if h := &c.hosts[i]; !h.HasUser {
			h.User, h.Password = "guest", "guest"
		}
	}
	if path != "" {
		if c.vhost, err = url.PathUnescape(path); err != nil {
			return nil, errors.New("the virtual host cannot be read")
		}
	}
	return c, c.parseOptions(query)
}

func (c *config) parseOptions(query string) error {
	options, err := url.ParseQuery(query)
	if err != nil {
		return errOption
	}
	for name, values := range options {
		if name != "ssl" && name != "ssl_ca_file" || len(values) != 1 {
			return errOption
		}
	}
	caFile := options.Get("ssl_ca_file")
	switch strings.ToLower(options.Get("ssl")) {
	case "1", "true", "yes", "on":
		c.tls, err = kit.TLS(caFile, false)
		return err
	case "", "0", "false", "no", "off":
		if caFile != "" {
			return errors.New("ssl_ca_file needs ssl=1")
		}
		return nil
	}
	return errors.New("ssl is 1 or 0")
}
