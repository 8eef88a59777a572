package drivers

import (
	"net/url"
	"strings"
	"unicode"
)

const masked = "***"

// Redact returns a store's URL in a form that may be printed. It masks the
// password, a lone user name (which may be a token), and the values of options
// that the scheme declares secret, whose names suggest a secret, an HTTP header or
// another URL, or that contain an "@". rawURL may be any text. If it is not certain
// which part is the password, for instance because of an unescaped "/" or "@" in
// it, Redact masks everything after the scheme.
func Redact(rawURL string) string {
	return oneLine(redact(rawURL))
}

func redact(rawURL string) string {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || !isScheme(scheme) {
		if isScheme(rawURL) {
			return rawURL
		}
		return masked
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	if strings.Contains(tail, "@") {
		return scheme + "://" + masked
	}
	return scheme + "://" + redactUser(authority) + redactQuery(scheme, tail)
}

// redactUser masks the user of "user:password@host". Everything between the first
// and the last @ belongs to the password, or to the users of a list of hosts.
func redactUser(authority string) string {
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		if !hostsOnly(authority) {
			return masked
		}
		return authority
	}
	user, _, ok := strings.Cut(authority[:at], ":")
	if !ok || strings.Contains(user, "@") {
		return masked + authority[at:]
	}
	return user + ":" + masked + authority[at:]
}

// hostsOnly reports whether s is a list of host[:port]; a "port" that is not a
// number is the password of a URL without a host.
func hostsOnly(s string) bool {
	for host := range strings.SplitSeq(s, ",") {
		if i := strings.IndexByte(host, ']'); i >= 0 {
			host = host[i+1:]
		}
		if _, port, ok := strings.Cut(host, ":"); ok && strings.Trim(port, "0123456789") != "" {
			return false
		}
	}
	return true
}

func redactQuery(scheme, tail string) string {
	path, query, ok := strings.Cut(tail, "?")
	if !ok {
		return path
	}
	var b strings.Builder
	b.WriteString(path)
	b.WriteByte('?')
	for query != "" {
		pair := query
		var sep string
		if i := strings.IndexAny(query, "&;#"); i >= 0 {
			pair, sep = query[:i], query[i:i+1]
		}
		query = query[len(pair)+len(sep):]
		name, value, hasValue := strings.Cut(pair, "=")
		if hasValue && (speaksOfSecret(name) || isSecret(scheme, name) || strings.Contains(plain(value), "@")) {
			pair = name + "=" + masked
		}
		b.WriteString(pair + sep)
	}
	return b.String()
}

// isSecret reports whether the scheme declares the option to be secret.
func isSecret(scheme, name string) bool {
	s := lookup(scheme)
	if s == nil {
		return false
	}
	o := s.option(plain(name))
	return o != nil && o.Secret
}

// plain is a decoded part of a query.
func plain(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}

func speaksOfSecret(name string) bool {
	name = strings.ToLower(plain(name))
	if name == "tls_key" || name == "ssl_key" { // names of files
		return false
	}
	if strings.HasPrefix(name, "header") {
		return true
	}
	for _, word := range []string{"pass", "pwd", "secret", "token", "key", "auth", "cred", "sig", "url"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// oneLine replaces what would break a line or steer a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
