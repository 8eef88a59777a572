// Package sqlpoint has what the point of a statement says, whatever ran it: its text
// without literals, the fingerprint, the hash and the values of its arguments, and
// how it ended, with the values hidden in the text of an error.
package sqlpoint

import "github.com/sonde-go/sonde/internal/sqltext"

// Config is what is recorded. It is not changed once it is in use.
type Config struct {
	Name        string // of a statement's point
	PrepareName string
	ConnectName string
	Args        Args
	Statements  Statements
}

// New returns what opts ask for.
func New[Option ~func(*Config)](dialect sqltext.Dialect, opts []Option) *Config {
	c := &Config{Name: "db"}
	for _, o := range opts {
		o(c)
	}
	c.PrepareName, c.ConnectName = c.Name+"_prepare", c.Name+"_connect"
	c.Statements.Dialect = dialect
	return c
}
