package sondehttp

import "strings"

// unquoted are the bytes that WSGI applications (webob) do not percent-encode when
// they show a path.
var unquoted = func() (safe [256]bool) {
	for c := range safe {
		safe[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c < 0x80 && strings.IndexByte("_.-~/!$&'()*+,;=:@", byte(c)) >= 0
	}
	return safe
}()

// quotePath percent-encodes a decoded path the way OSProfiler's middleware
// records it.
func quotePath(path string) string {
	bad := 0
	for i := 0; i < len(path); i++ {
		if !unquoted[path[i]] {
			bad++
		}
	}
	if bad == 0 {
		return path
	}
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(path)+2*bad)
	for i := 0; i < len(path); i++ {
		if c := path[i]; unquoted[c] {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
