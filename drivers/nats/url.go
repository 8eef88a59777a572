package nats

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers/internal/hostlist"
	"github.com/sonde-go/sonde/drivers/kit"
)

// parseURL reads a URL. Its errors quote nothing that could be a part of a
// password.
func parseURL(rawURL string) (*config, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	if strings.ContainsAny(path+query, "@#") || strings.Contains(authority, "#") {
		return nil, errors.New(`"/", "?", "#" and "@" in a user name, password or token are written %2F, %3F, %23 and %40`)
	}
	if authority == "" {
		authority = "localhost"
	}
	hosts, err := hostlist.Parse(authority, "4222")
	if err != nil {
		return nil, err
	}
	c := &config{stream: strings.TrimSuffix(path, "/")}
	named := false
	for _, h := range hosts {
		c.addrs = append(c.addrs, h.Addr)
		switch {
		case !h.HasUser || named:
			continue
		case h.HasPassword:
			c.user, c.password = h.User, h.Password
		default:
			c.token = h.User
		}
		named = true
	}
	if c.stream == "" {
		c.stream = "OSPROFILER"
	}
	if strings.Trim(c.stream, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" || len(c.stream) > 200 {
		return nil, errors.New("a stream's name has letters, digits, dashes and underscores")
	}
	return c, c.parseOptions(query, scheme == "nats+tls")
}

func (c *config) parseOptions(query string, secure bool) error {
	options, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the options behind the ? cannot be read")
	}
	var caFile string
	insecure := false
	for name, values := range options {
		if len(values) != 1 {
			return errors.New("an option is given twice")
		}
		value := values[0]
		switch name {
		case "max_age":
			if c.maxAge, err = time.ParseDuration(value); err != nil || c.maxAge < time.Second {
				return errors.New("max_age is a duration of a second or more, such as 72h")
			}
		case "replicas":
			if c.replicas, err = strconv.Atoi(value); err != nil || c.replicas < 1 || c.replicas > 5 {
				return errors.New("replicas is a number from 1 to 5")
			}
		case "ssl_ca_certs":
			caFile = value
		case "ssl_cert_reqs":
			if insecure = value == "none"; !insecure && value != "required" {
				return errors.New("ssl_cert_reqs is required or none")
			}
		default:
			return errors.New("the options are max_age, replicas, ssl_ca_certs and ssl_cert_reqs")
		}
	}
	if !secure {
		if caFile != "" || options.Has("ssl_cert_reqs") {
			return errors.New("ssl_ca_certs and ssl_cert_reqs belong to nats+tls://")
		}
		return nil
	}
	c.tls, err = kit.TLS(caFile, insecure)
	return err
}
