package sqlstore

import (
	"errors"
	"net/url"
	"regexp"
)

// URL is a database URL by SQLAlchemy's rules, which are those of OSProfiler's
// connection strings: user and password are percent-encoded, the database's
// name is as it is written.
type URL struct {
	Scheme, User, Password, Host, Port, Database string
	Query                                        url.Values
}

var urlPattern = regexp.MustCompile(`^([\w+]+)://(?:([^:/]*)(?::([^@]*))?@)?(?:(?:\[([^/?]+)\]|([^/:?@]+))?(?::(\d*))?)?(?:/([^?]*))?(?:\?(.*))?$`)

var errURL = errors.New("want scheme://user:password@host:port/database?option=value, with @ in a password written as %40")

// ParseURL reads a database URL.
func ParseURL(text string) (URL, error) {
	m := urlPattern.FindStringSubmatch(text)
	if m == nil {
		return URL{}, errURL
	}
	query, err := url.ParseQuery(m[8])
	if err != nil {
		return URL{}, errors.New("the options after ? cannot be read")
	}
	return URL{
		Scheme: m[1], User: unquote(m[2]), Password: unquote(m[3]), Host: m[4] + m[5], Port: m[6], Database: m[7], Query: query,
	}, nil
}

// unquote decodes percent signs; a text that has them in another sense is
// taken as it is.
func unquote(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
