// Package hostlist reads the part of a driver's URL between "//" and the next
// "/": one server or several, user:password@host:port with commas between them.
package hostlist

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Host is one server.
type Host struct {
	Addr string // host:port

	// User and Password are as they are, not percent-encoded. HasUser and
	// HasPassword tell an empty one from none.
	User, Password       string
	HasUser, HasPassword bool
}

var (
	errAddress = errors.New("want host:port or user:password@host:port, and commas between several")
	errUser    = errors.New(`"%" in a user or password is written %25`)
)

// Parse reads the list; port is the one that a host has without any. Its
// errors quote nothing that could be a part of a password.
func Parse(authority, port string) ([]Host, error) {
	var hosts []Host
	for text := range strings.SplitSeq(authority, ",") {
		h, err := parse(text, port)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

func parse(text, port string) (h Host, err error) {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		h.HasUser = true
		h.User, h.Password, h.HasPassword = strings.Cut(text[:at], ":")
		var err1, err2 error
		h.User, err1 = url.PathUnescape(h.User)
		h.Password, err2 = url.PathUnescape(h.Password)
		if err1 != nil || err2 != nil {
			return h, errUser
		}
		text = text[at+1:]
	}
	h.Addr, err = address(text, port)
	return h, err
}

// address completes "host", "host:port", "[::1]" and "[::1]:port".
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
	if host == "" || strings.ContainsAny(host, "[]% \t\r\n") {
		return "", errAddress
	}
	return net.JoinHostPort(host, port), nil
}
