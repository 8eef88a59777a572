package sonde

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sampling"
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
	// MoreConnectionStrings are the URLs of further stores, each of which gets every
	// record too, from a queue of its own with the limits that Queue says. As text,
	// white space stands between them: more_connection_strings.
	MoreConnectionStrings []string

	// Service and Project are the names under which reports show this
	// program. Service is required.
	Service, Project string
	// Host defaults to the machine's name.
	Host string

	// Options are for the drivers of all stores. What the URL of a store says goes
	// before them.
	Options drivers.Options

	// Mask says which values of the program's data are not stored: "secrets", the
	// default, as their names tell them, "all", "none", or names with commas
	// between them; see [layer.Mask].
	Mask string

	// Sampling are the rules by which requests are traced that nobody has asked to
	// trace, such as "0.01" or "/cart/*=10/m, 0.01"; see [sampling.Parse]. They need no
	// key, but the services behind this one are told of the trace only if there is one.
	// Empty: there are no such rules. The three cannot be set together with Sampler.
	Sampling string
	// SamplingFile is a file of such rules, which is read again when it changes.
	SamplingFile string
	// SamplingBudget is what profiling may cost until fewer requests are sampled, such
	// as "1%" of the CPU or "5000/s" records; see [sampling.ParseBudget].
	SamplingBudget string
	// Detail is how much of each trace is recorded. As text, commas stand between the
	// names of detail_off; the others are detail_min_duration, detail_repeats,
	// detail_points and detail_bytes.
	Detail profiler.Detail
	// CallSites, TraceParent, ActiveSpan, Logger, Sampler, Queue and Limits are as in
	// [profiler.Config].
	CallSites, TraceParent bool
	ActiveSpan             func(context.Context) header.TraceParent
	Logger                 *slog.Logger
	Sampler                profiler.Sampler
	Queue                  profiler.QueueConfig
	Limits                 profiler.LimitConfig
}

// New is [Open] with the environment's configuration, see [FromEnv], for the
// service of this name: what a main function calls. SONDE_SERVICE goes before the
// name, and each option, in its order, may change what the environment says or add
// what it cannot say:
//
//	svc, err := sonde.New(ctx, "frontend", func(c *sonde.Config) { c.Project = "shop" })
//
// Unless OS_PROFILER__ENABLED is true, or an option sets Enabled, the Service is
// disabled: New then starts no goroutine and opens nothing. An environment that
// makes no sense is an error all the same, since a typo could be why profiling is
// off. The nil Service that comes with an error is valid and traces nothing, for a
// program that would rather run without traces than not at all.
func New(ctx context.Context, service string, options ...func(*Config)) (*profiler.Service, error) {
	c, err := FromEnv()
	if err != nil {
		return nil, err
	}
	c.Service = cmp.Or(c.Service, service)
	for _, set := range options {
		set(&c)
	}
	return Open(ctx, c)
}

// Keys returns the keys in HMACKeys. SECRET_KEY among them is an error that says how
// to allow it.
func (c *Config) Keys() (*header.Keyring, error) {
	var opts []header.Option
	if c.AllowDefaultKey {
		opts = append(opts, header.AllowDefaultKey())
	}
	keys, err := header.ParseKeys(c.HMACKeys, opts...)
	if errors.Is(err, header.ErrDefaultKey) {
		err = fmt.Errorf("%w, SONDE_ALLOW_DEFAULT_KEY=true in the environment, allow_default_key = true in [sonde], or -O allow_default_key=true of the command", err)
	}
	if err != nil {
		return nil, fmt.Errorf("sonde: %s%w", named("hmac_keys", c.HMACKeys), err)
	}
	return keys, nil
}

// Open makes a Service and opens its stores, which the Service's Close closes.
// A store that is down is no error: records wait for it, see
// [profiler.QueueConfig].
func Open(ctx context.Context, c Config) (*profiler.Service, error) {
	pc := profiler.Config{
		Name: c.Service, Project: c.Project, Host: c.Host,
		Logger: c.Logger, Queue: c.Queue, Limits: c.Limits, Detail: c.Detail, Mask: layer.ParseMask(c.Mask), CallSites: c.CallSites,
		TraceParent: c.TraceParent, ActiveSpan: c.ActiveSpan,
	}
	if !c.Enabled {
		return profiler.New(profiler.Config{Disabled: true})
	}
	keys, err := c.Keys()
	if err != nil {
		return nil, err
	}
	if c.Sampler, err = c.sampler(); err != nil {
		return nil, err
	}
	if keys.Len() == 0 && c.Sampler == nil {
		return nil, errors.New("sonde: profiling is enabled without a key, so no request could ever be traced; set Config.HMACKeys, SONDE_HMAC_KEY in the environment, or hmac_keys in [profiler]")
	}
	if c.Service == "" {
		return nil, errors.New("sonde: the service has no name; set Config.Service, SONDE_SERVICE in the environment, or service in [sonde]")
	}
	o := c.StoreOptions()
	var all stores
	for _, url := range append([]string{cmp.Or(c.ConnectionString, DefaultConnectionString)}, c.MoreConnectionStrings...) {
		d, err := drivers.Open(ctx, url, o)
		if err != nil {
			_ = all.Close()
			option, text := "connection_string", c.ConnectionString
			if len(all) > 0 {
				option, text = "more_connection_strings", strings.Join(c.MoreConnectionStrings, " ")
			}
			return nil, fmt.Errorf("sonde: %s%w", named(option, text), err)
		}
		all = append(all, d)
	}
	pc.Keys, pc.Sampler, pc.Sink, pc.Closer = keys, c.Sampler, all[0], all
	for _, d := range all[1:] {
		pc.More = append(pc.More, profiler.Destination{Sink: d})
	}
	s, err := profiler.New(pc)
	if err != nil {
		_ = all.Close()
	}
	return s, err
}

// sampler is the Sampler of the configuration, or nil if it samples nothing.
func (c *Config) sampler() (profiler.Sampler, error) {
	if c.Sampling+c.SamplingFile+c.SamplingBudget == "" {
		return c.Sampler, nil
	}
	if c.Sampler != nil {
		return nil, errors.New("sonde: both Sampler and rules of sampling are set; set one")
	}
	rules, err := sampling.Parse(c.Sampling)
	if err != nil {
		return nil, fmt.Errorf("sonde: %s%w", named("sampling", c.Sampling), err)
	}
	budget, err := sampling.ParseBudget(c.SamplingBudget)
	if err != nil {
		return nil, fmt.Errorf("sonde: %s%w", named("sampling_budget", c.SamplingBudget), err)
	}
	s, err := sampling.New(sampling.Config{Rules: rules, File: c.SamplingFile, Budget: budget, Logger: c.Logger})
	if err != nil {
		return nil, fmt.Errorf("sonde: %s%w", named("sampling_file", c.SamplingFile), err)
	}
	return s, nil
}

// defaultRetention is how long a Service has its store keep a trace, if that has the
// option retention, as SQLite does, and its URL does not say.
const defaultRetention = "30d"

// StoreOptions are those with which [Open] opens the stores: Options, with Logger and
// thirty days of retention where they say nothing.
func (c *Config) StoreOptions() drivers.Options {
	o := c.Options
	o.Logger = cmp.Or(o.Logger, c.Logger)
	o.Params = maps.Clone(o.Params)
	if o.Params == nil {
		o.Params = map[string]string{}
	}
	o.Params["retention"] = cmp.Or(o.Params["retention"], defaultRetention)
	return o
}

// stores are those of one Service.
type stores []*drivers.Store

// Close closes all of them.
func (s stores) Close() (err error) {
	for _, d := range s {
		err = errors.Join(err, d.Close())
	}
	return err
}
