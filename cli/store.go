package cli

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
)

// with opens the store, hands it to do and closes it.
func (f *StoreFlags) with(ctx context.Context, do func(*drivers.Store) error) error {
	d, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	return do(d)
}

// Open opens the store, which the caller closes.
func (f *StoreFlags) Open(ctx context.Context) (*drivers.Store, error) {
	config, err := f.config()
	if err != nil {
		return nil, err
	}
	o := config.Options
	o.Logger = slog.New(slog.DiscardHandler) // what matters is returned as well
	return drivers.Open(ctx, config.ConnectionString, o)
}

// config is what the environment says, with the flags over it.
func (f *StoreFlags) config() (sonde.Config, error) {
	c, err := sonde.FromEnv()
	if err == nil {
		err = f.configure(&c)
	}
	return c, err
}

// configure puts what the flags say over what c has.
func (f *StoreFlags) configure(c *sonde.Config) error {
	c.ConnectionString = cmp.Or(string(f.ConnectionString), c.ConnectionString, sonde.DefaultConnectionString)
	for name, value := range f.Option {
		if err := c.Set(name, value); err != nil {
			return err
		}
	}
	if f.IdleTimeout != "" {
		if err := c.Set("idle_timeout", f.IdleTimeout); err != nil {
			return err
		}
	}
	if f.TransportURL != "" {
		return c.Set("transport_url", string(f.TransportURL))
	}
	return nil
}

// name is how messages call the store. What is wrong with the configuration is said
// where the store is opened.
func (f *StoreFlags) name() string {
	c, _ := f.config()
	return drivers.Redact(c.ConnectionString)
}
