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

func newConfig(d driver.Driver, opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	c.fingerprints.init(dialect(d))
	return c
}

// WithArgs records the arguments of statements, as a says. Without it they are
// not recorded.
func WithArgs(a Args) Option { return func(c *config) { c.args = a } }

// WithoutLiterals records statements by their fingerprint only, for programs
// that write values into the text of statements. In statements for databases
// other than MySQL and MariaDB, text in double quotes is a name and stays.
func WithoutLiterals() Option { return func(c *config) { c.hideLiterals = true } }

// dialect goes by the package of the driver.
func dialect(d driver.Driver) sqltext.Dialect {
	t := reflect.TypeOf(d)
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
