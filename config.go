package sonde

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// DefaultConnectionString is the store that is used when none is named: one
// SQLite file in the working folder.
const DefaultConnectionString = "sqlite:///sonde.db"

// Config is what a Service is made of. The comments name OSProfiler's option.
// Printed or logged, it shows no key and no password.
type Config struct {
	// Enabled turns profiling on; off, no request is traced and no store is
	// opened: enabled, false.
	Enabled bool
	// HMACKeys is a comma-separated list of secrets; the first one signs:
	// hmac_keys. There is no default. An enabled Service needs one, unless it
	// has an admission hook.
	HMACKeys string
	// AllowDefaultKey lets HMACKeys hold SECRET_KEY, which everybody knows.
	AllowDefaultKey bool
	// ConnectionString is the URL of the store: connection_string.
	ConnectionString string

	// Service and Project are the names under which reports show this
	// program. Service is required.
	Service, Project string
	// Host defaults to the machine's name.
	Host string

	// Options are for the store's driver.
	Options drivers.Options

	// Logger, Admit and Queue are as in [profiler.Config].
	Logger *slog.Logger
	Admit  func(context.Context, profiler.Arrival) bool
	Queue  profiler.QueueConfig
}

// Open makes a Service and opens its store, which the Service's Close closes.
// A store that is down is no error: records wait for it, see
// [profiler.QueueConfig].
func Open(ctx context.Context, c Config) (*profiler.Service, error) {
	pc := profiler.Config{
		Name: c.Service, Project: c.Project, Host: c.Host,
		Logger: c.Logger, Queue: c.Queue,
	}
	if !c.Enabled {
		return profiler.New(profiler.Config{Disabled: true})
	}
	var opts []header.Option
	if c.AllowDefaultKey {
		opts = append(opts, header.AllowDefaultKey())
	}
	keys, err := header.ParseKeys(c.HMACKeys, opts...)
	if err != nil {
		return nil, fmt.Errorf("sonde: %w", err)
	}
	if keys.Len() == 0 && c.Admit == nil {
		return nil, errors.New("sonde: profiling is enabled without a key, so no request could ever be traced; set HMACKeys")
	}
	if c.Service == "" {
		return nil, errors.New("sonde: the service has no name; set Service")
	}
	o := c.Options
	o.Logger = cmp.Or(o.Logger, c.Logger)
	d, err := drivers.Open(ctx, cmp.Or(c.ConnectionString, DefaultConnectionString), o)
	if err != nil {
		return nil, fmt.Errorf("sonde: %w", err)
	}
	pc.Keys, pc.Admit, pc.Sink, pc.Closer = keys, c.Admit, d, d
	s, err := profiler.New(pc)
	if err != nil {
		_ = d.Close()
	}
	return s, err
}
