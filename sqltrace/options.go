package sqltrace

// Option changes what a wrapper records.
type Option func(*config)

type config struct {
	args Args
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		o(c)
	}
	return c
}

// WithArgs records the arguments of statements, as a says. Without it they are
// not recorded.
func WithArgs(a Args) Option { return func(c *config) { c.args = a } }
