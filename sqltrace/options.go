package sqltrace

import (
	"database/sql/driver"
	"reflect"
	"strings"

	"github.com/sonde-go/sonde/internal/sqltext"
)

// Option changes what a wrapper records.
type Option func(*config)

type config struct {
	args         Args
	hideLiterals bool
	fingerprints fingerprints
}

func newConfig(connector driver.Connector, opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	c.fingerprints.init(dialect(connector))
	return c
}

// WithArgs records the arguments of statements, as a says. Without it they are
// not recorded.
func WithArgs(a Args) Option { return func(c *config) { c.args = a } }

// WithoutLiterals records statements by their fingerprint only, for programs
// that write values into the text of statements. In statements for databases
// other than MySQL and MariaDB, text in double quotes is a name and stays. The
// text of an error is recorded as the driver gives it, and some databases quote
// values in it.
func WithoutLiterals() Option { return func(c *config) { c.hideLiterals = true } }

// dialect goes by the package of the driver. Connectors are seldom asked for
// it, so some panic.
func dialect(c driver.Connector) (d sqltext.Dialect) {
	defer func() { _ = recover() }()
	t := reflect.TypeOf(c.Driver())
	if t == nil {
		return sqltext.Standard
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := strings.ToLower(t.PkgPath() + "." + t.Name())
	if strings.Contains(name, "mysql") || strings.Contains(name, "mariadb") {
		return sqltext.MySQL
	}
	return sqltext.Standard
}
