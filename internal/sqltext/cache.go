package sqltext

// Cache remembers the fingerprints of the statements that it was asked for last, for
// a reader of many. The zero Cache is ready for use; it is not safe for concurrent
// use.
type Cache struct{ known map[string]string }

// The most statements that a Cache remembers, and the length of the longest.
const (
	mostCached    = 2000
	longestCached = 1000
)

// Fingerprint is [Fingerprint] in the standard dialect.
func (c *Cache) Fingerprint(statement []byte) string {
	if f, ok := c.known[string(statement)]; ok {
		return f
	}
	f := Fingerprint(string(statement), Standard)
	if len(statement) > longestCached {
		return f
	}
	if c.known == nil {
		c.known = map[string]string{}
	}
	if len(c.known) == mostCached {
		clear(c.known)
	}
	c.known[string(statement)] = f
	return f
}
