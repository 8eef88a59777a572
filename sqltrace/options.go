package sqltrace

import (
	"cmp"
	"database/sql/driver"
	"reflect"
	"strings"

	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/sqltrace/internal/sqlpoint"
)

// Option configures what is recorded.
type Option func(*sqlpoint.Config)

// WithName sets the name of the points of statements; those that prepare a
// statement or connect are called name_prepare and name_connect. The default is
// "db", as is an empty name. Reports group points by name, so this tells two
// databases apart. It corresponds to the name that OSProfiler's add_tracing takes,
// where "db" is usual too.
func WithName(name string) Option { return func(c *sqlpoint.Config) { c.Name = cmp.Or(name, c.Name) } }

// WithArgs records the arguments of statements as a says. By default they are not
// recorded.
func WithArgs(a Args) Option { return func(c *sqlpoint.Config) { c.Args = a.args } }

// WithLiterals records statements and the texts of errors unchanged. By default
// each literal in them is replaced with a question mark, since it may be a secret:
// the password in ALTER USER, a customer's name in a condition. For databases other
// than MySQL and MariaDB, text in double quotes is a name and always stays.
func WithLiterals() Option { return func(c *sqlpoint.Config) { c.Statements.Literals = true } }

// dialect is guessed from the package of the driver. Connectors are seldom asked
// for their driver, so some panic.
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
