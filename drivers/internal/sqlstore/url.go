package sqlstore

import (
	"errors"
	"net/url"
	"regexp"
)

// Place is what a database URL says before its options, by SQLAlchemy's rules,
// which are those of OSProfiler's connection strings: user and password are
// percent-encoded, the database's name is as it is written.
type Place struct {
	User, Password, Host, Port, Database string
}

var placePattern = regexp.MustCompile(`^(?:([^:/]*)(?::([^@]*))?@)?(?:(?:\[([^/?]+)\]|([^/:?@]+))?(?::(\d*))?)?(?:/([^?]*))?$`)

var errPlace = errors.New("want scheme://user:password@host:port/database?option=value, with @ in a password written as %40")

// Parse reads the part of a database URL between "://" and its options.
func Parse(text string) (Place, error) {
	m := placePattern.FindStringSubmatch(text)
	if m == nil {
		return Place{}, errPlace
	}
	return Place{User: unquote(m[1]), Password: unquote(m[2]), Host: m[3] + m[4], Port: m[5], Database: m[6]}, nil
}

// unquote decodes percent signs; a text that has them in another sense is
// taken as it is.
func unquote(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
