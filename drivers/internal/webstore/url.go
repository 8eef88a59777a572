package webstore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Address is what a driver's URL says: scheme://user:password@host:port/path
// and the options of its query.
type Address struct {
	User, Password string
	Host           string // host:port
	Path           string // "" or /path, without a slash at its end
	Options        url.Values
}

// Parse reads a URL; port is the default. The options must be among those that
// are named and be given once. Its errors quote nothing that could be a part
// of a password.
func Parse(rawURL, port string, options ...string) (*Address, error) {
	u, err := url.Parse(rawURL)
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return nil, errors.New(`cannot be read; are "/", "?", "#", "@" and "%" in the user name and the password percent-encoded?`)
	}
	a := &Address{Host: u.Host, Path: strings.TrimRight(u.Path, "/")}
	if u.Hostname() == "" {
		return nil, errors.New("names no host")
	}
	if u.Port() == "" {
		a.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if u.User != nil {
		a.User = u.User.Username()
		a.Password, _ = u.User.Password()
	}
	if a.Options, err = url.ParseQuery(u.RawQuery); err != nil {
		return nil, errors.New("the options behind the ? cannot be read")
	}
	for name, values := range a.Options {
		known := false
		for _, o := range options {
			known = known || o == name
		}
		if !known {
			return nil, fmt.Errorf("unknown option %q; there are: %s", name, strings.Join(options, ", "))
		}
		if len(values) != 1 {
			return nil, fmt.Errorf("option %s is given twice", name)
		}
	}
	return a, nil
}
