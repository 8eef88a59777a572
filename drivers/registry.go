package drivers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/drivers/driver"
)

// Opener makes a driver for a URL of a scheme that it was registered for. The
// options have their defaults filled in. Its error, which [Open] returns as an
// [*Error], quotes no part of the URL that may be a secret.
type Opener func(ctx context.Context, url string, o Options) (driver.Driver, error)

var (
	openersMu sync.RWMutex
	openers   = map[string]Opener{}
)

// Register makes a scheme known to [Open]. A driver's package calls it from
// init, so that importing the package is all that its user does. It panics if
// the scheme is taken.
func Register(scheme string, open Opener) {
	openersMu.Lock()
	defer openersMu.Unlock()
	if _, taken := openers[scheme]; taken {
		panic("drivers: scheme " + scheme + " registered twice")
	}
	openers[scheme] = open
}

// Schemes lists the registered schemes in alphabetical order.
func Schemes() []string {
	openersMu.RLock()
	defer openersMu.RUnlock()
	return slices.Sorted(maps.Keys(openers))
}

// Open returns the store at a URL, OSProfiler's connection_string:
// "redis://localhost:6379/0", "sqlite:///sonde.db". A scheme alone ("memory")
// stands for "memory://".
//
// The URL is checked here; the server need not be up: a store that is down
// shows in what Notify and the read methods return. Use [Store.Ping] to wait
// for it. No error shows a password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	scheme, _, ok := strings.Cut(url, "://")
	if !ok {
		scheme, url = url, url+"://"
	}
	openersMu.RLock()
	open := openers[scheme]
	openersMu.RUnlock()
	if open == nil {
		return nil, unknownScheme(scheme)
	}
	d, err := open(ctx, url, o.withDefaults())
	if err != nil {
		return nil, &Error{Op: driver.Open, URL: Redact(url), Err: err}
	}
	return NewStore(url, d), nil
}

// packages has the driver of each scheme that Sonde has, to name the import
// that is missing.
var packages = map[string]string{
	"elasticsearch":       "elasticsearch",
	"elasticsearch+https": "elasticsearch",
	"file":                "file",
	"jaeger":              "otlp",
	"loginsight":          "loginsight",
	"memory":              "memory",
	"messaging":           "messaging",
	"mongodb":             "mongodb",
	"mongodb+srv":         "mongodb",
	"mysql":               "mysql",
	"mysql+mysqldb":       "mysql",
	"mysql+pymysql":       "mysql",
	"nats":                "nats",
	"nats+tls":            "nats",
	"otlp":                "otlp",
	"otlp+grpc":           "otlp",
	"otlp+grpcs":          "otlp",
	"otlp+https":          "otlp",
	"postgresql":          "postgresql",
	"postgresql+psycopg2": "postgresql",
	"redis":               "redis",
	"redis+cluster":       "redis",
	"rediss":              "redis",
	"redissentinel":       "redis",
	"sqlite":              "sqlite",
}

func unknownScheme(scheme string) error {
	registered := strings.Join(Schemes(), ", ")
	if registered == "" {
		registered = "none"
	}
	if pkg := packages[scheme]; pkg != "" {
		return fmt.Errorf(`no driver for %s:// is linked in; add: import _ "github.com/sonde-go/sonde/drivers/%s" (registered: %s)`, scheme, pkg, registered)
	}
	if !isScheme(scheme) {
		return fmt.Errorf("a driver's URL begins with scheme:// (registered: %s)", registered)
	}
	return fmt.Errorf("no driver for %s:// (registered: %s)", scheme, registered)
}

// isScheme says whether s is a URL's scheme. Anything else may be a URL that
// was typed wrong, with a password in it, and is not shown.
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
