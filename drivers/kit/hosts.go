package kit

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Host is one server of a URL.
type Host struct {
	Addr string // host:port

	// User and Password are percent-decoded. HasUser and HasPassword distinguish
	// an empty one from none.
	User, Password       string
	HasUser, HasPassword bool
}

var (
	errAddress = errors.New("want host:port or user:password@host:port, and commas between several")
	errUser    = errors.New(`"%" in a user or password is written %25`)
)

// ParseHosts parses the part of a URL between "//" and the next "/": one or more
// servers, user:password@host:port, separated by commas. If there is only one "@",
// a comma before it belongs to the password. A missing host is localhost, but it
// must not be missing after a user; port is the default port. The errors quote
// nothing that could be part of a password.
func ParseHosts(authority, port string) ([]Host, error) {
	user, rest := "", authority
	if at := strings.IndexByte(authority, '@'); at >= 0 && at == strings.LastIndexByte(authority, '@') {
		user, rest = authority[:at+1], authority[at+1:]
	}
	var hosts []Host
	for text := range strings.SplitSeq(rest, ",") {
		h, err := parseHost(user+text, port)
		if err != nil {
			return nil, err
		}
		hosts, user = append(hosts, h), ""
	}
	return hosts, nil
}

func parseHost(text, port string) (h Host, err error) {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		h.HasUser = true
		h.User, h.Password, h.HasPassword = strings.Cut(text[:at], ":")
		var err1, err2 error
		h.User, err1 = url.PathUnescape(h.User)
		h.Password, err2 = url.PathUnescape(h.Password)
		if err1 != nil || err2 != nil {
			return h, errUser
		}
		if text = text[at+1:]; text == "" {
			return h, errAddress
		}
	}
	h.Addr, err = address(text, port)
	return h, err
}

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
		if host, ok = strings.CutSuffix(inner, "]"); !ok || host == "" {
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
