package cli

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
)

// with opens the store, hands it to do and closes it.
func (f *storeFlags) with(ctx context.Context, do func(*drivers.Store) error) error {
	config, err := sonde.FromEnv()
	if err != nil {
		return err
	}
	if err := f.configure(&config); err != nil {
		return err
	}
	o := config.Options
	o.Logger = slog.New(slog.DiscardHandler) // what matters is returned as well
	d, err := drivers.Open(ctx, f.url(), o)
	if err != nil {
		return err
	}
	defer d.Close()
	return do(d)
}

// configure puts what the flags say over what c has.
func (f *storeFlags) configure(c *sonde.Config) error {
	for name, value := range f.Option {
		if err := c.Set(name, value); err != nil {
			return err
		}
	}
	if f.TransportURL != "" {
		c.Options.TransportURL = string(f.TransportURL)
	}
	return nil
}

func (f *storeFlags) url() string {
	given := f.ConnectionString.orEnv("OS_PROFILER__CONNECTION_STRING", "OSPROFILER_CONNECTION_STRING")
	return cmp.Or(given, sonde.DefaultConnectionString)
}

// name is how messages call the store.
func (f *storeFlags) name() string { return drivers.Redact(f.url()) }
