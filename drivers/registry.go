package drivers

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/drivers/driver"
)

var (
	schemesMu sync.RWMutex
	schemes   = map[string]*Scheme{} // by each of their names
)

// Register makes a scheme known to [Open]. A driver's package calls it from init,
// so that its users only have to import the package. It panics if one of the
// scheme's names is taken.
func Register(s Scheme) {
	schemesMu.Lock()
	defer schemesMu.Unlock()
	for _, name := range s.names() {
		if _, taken := schemes[name]; taken {
			panic("drivers: scheme " + name + " registered twice")
		}
		schemes[name] = &s
	}
}

// Schemes returns the registered schemes, sorted by name. The slice is the
// caller's.
func Schemes() []Scheme {
	schemesMu.RLock()
	defer schemesMu.RUnlock()
	var list []Scheme
	for _, name := range slices.Sorted(maps.Keys(schemes)) {
		if s := schemes[name]; s.Name == name {
			list = append(list, *s)
		}
	}
	return list
}

func lookup(name string) *Scheme {
	schemesMu.RLock()
	defer schemesMu.RUnlock()
	return schemes[name]
}

// Open returns the store at a URL, OSProfiler's connection_string:
// "redis://localhost:6379/0", "sqlite:///sonde.db". A scheme alone ("memory")
// stands for "memory://".
//
// The URL may have options of its scheme after a "?", which [Schemes] returns and
// "sonde drivers" prints: "redis://localhost/0?socket_timeout=2s&ttl=72h". They
// take precedence over o.
//
// Open checks the URL, but the server need not be up: if it is down, Notify and the
// other methods return errors. Use [Store.Ping] to find out. No error shows a
// password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	scheme, _, ok := strings.Cut(url, "://")
	if !ok {
		scheme, url = url, url+"://"
	}
	s, err := find(scheme)
	if err != nil {
		return nil, err
	}
	var d driver.Driver
	u, err := ParseURL(url, o)
	if err == nil {
		d, err = s.Open(ctx, u, o.of(u))
	}
	if err != nil {
		return nil, &Error{Op: driver.Open, URL: Redact(url), Err: err}
	}
	return NewStore(url, d), nil
}

// imports lists Sonde's schemes and the packages that register them, so that the
// error for a missing import can name it. A test of cmd/sonde generates the file
// from the registered schemes.
//
//go:embed imports.txt
var imports string

func find(name string) (*Scheme, error) {
	if s := lookup(name); s != nil {
		return s, nil
	}
	registered := strings.Join(registeredNames(), ", ")
	if registered == "" {
		registered = "none"
	}
	for line := range strings.Lines(imports) {
		if scheme, path, _ := strings.Cut(strings.TrimSpace(line), " "); scheme == name && name != "" {
			return nil, fmt.Errorf("no driver for %s:// is linked in; add: import _ %q (registered: %s)", name, path, registered)
		}
	}
	if !isScheme(name) {
		return nil, fmt.Errorf("a driver's URL begins with scheme:// (registered: %s)", registered)
	}
	return nil, fmt.Errorf("no driver for %s:// (registered: %s)", name, registered)
}

func registeredNames() []string {
	schemesMu.RLock()
	defer schemesMu.RUnlock()
	return slices.Sorted(maps.Keys(schemes))
}

// isScheme reports whether s is a URL's scheme. Anything else may be a mistyped
// URL with a password in it, and is not shown.
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return false
		}
	}
	return s != ""
}
