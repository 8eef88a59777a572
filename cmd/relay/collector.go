package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/relay/collector"
	"github.com/sonde-go/sonde/relay/transform"
)

// collectorCommand is "sonde collector", which is also "sonde collector run".
type collectorCommand struct {
	Run_  collectorRun   `cmd:"" name:"run" default:"withargs" help:"Collect until told to stop. This is what sonde collector does."`
	Check collectorCheck `cmd:"" help:"Say what rules do to a record, without a cluster or a store."`
}

// Help teaches the command.
func (*collectorCommand) Help() string {
	return `Takes the records that agents have put into the site's NATS cluster to the stores: checked, changed
by rules (--transform) and, if asked for, sampled by whole traces (--tail). Start as many collectors
as you like: they share the work, and what one that dies had in hand the others get half a minute
later. A record leaves the cluster when all stores have it. What no store will ever take is put
aside, see sonde relay quarantine. Its flags: sonde collector run --help.

Examples:

  sonde collector --jetstream nats://nats.example:4222 --store redis://redis.example:6379/0
  sonde collector --jetstream @/etc/sonde/nats-url --jetstream-credentials /etc/sonde/nats.creds \
      --store env:STORE --store file:///srv/archive/traces.jsonl \
      --transform /etc/sonde/rules.yaml --metrics 127.0.0.1:9464
  sonde collector check /etc/sonde/rules.yaml`
}

type collectorRun struct {
	clusterFlags
	Replicas int `help:"On how many servers of the cluster the spool is kept, if it is not there yet; ${default}." default:"3" placeholder:"N"`

	Store []cli.Secret `help:"URL of a store to take the records to, or env:NAME or @FILE; may be repeated, and each store gets all." placeholder:"URL" sep:"none"`

	Transform string `help:"File of rules that redact, rename, drop and add, before anything is written; sonde collector check tries it." placeholder:"FILE" type:"path"`
	Tail      string `help:"File of rules of tail sampling: which always-on traces are kept once they are over. Traces that were asked for are always kept. All collectors need the same file." placeholder:"FILE" type:"path"`

	MaxMemory string `help:"Memory for records on their way; with --tail, what its rules allow comes on top; ${default}." default:"64MiB" placeholder:"SIZE"`
	Metrics   string `help:"Answer /metrics, /healthz, /readyz and /v1/status on this address of the machine; with port 0 the first line says which." placeholder:"127.0.0.1:PORT"`

	StopTimeout time.Duration `help:"How long to write what is in hand after SIGTERM; other collectors get what is left; ${default}." default:"10s" placeholder:"DURATION"`
	LogFormat   string        `help:"Form of the log on standard error: text or json; ${default}." default:"text" enum:"text,json"`
}

// Run is called by the command line.
func (c *collectorRun) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *collectorRun) run(ctx context.Context, out, logs io.Writer) error {
	collectAsUsual()
	config, err := c.config(logs)
	if err != nil {
		return err
	}
	if config.Stores, err = openStores(ctx, c.Store, config.Log); err != nil {
		return err
	}
	defer func() { _ = closeStores(config.Stores) }()
	starting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	made, err := collector.New(starting, *config)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, begins(made, config))
	return made.Run(ctx)
}

// begins is the first line.
func begins(c *collector.Collector, config *collector.Config) string {
	line := "sonde collector: takes records to " + named(config.Stores)
	if address := c.Address(); address != "" {
		line += ", metrics at http://" + address + "/metrics"
	}
	return terminal.Clean(line)
}

// config is what the flags say.
func (c *collectorRun) config(logs io.Writer) (*collector.Config, error) {
	config := &collector.Config{
		JetStream: string(c.Jetstream), Credentials: c.JetstreamCredentials, Replicas: c.Replicas,
		Tail: c.Tail, Metrics: c.Metrics, StopTimeout: c.StopTimeout, Log: newLog(logs, c.LogFormat),
	}
	if c.Jetstream == "" {
		return nil, errors.New("the collector needs --jetstream URL, the site's NATS cluster that agents put records into")
	}
	if len(c.Store) == 0 {
		return nil, errors.New("the collector needs --store URL, where it takes the records to")
	}
	size, err := size(c.MaxMemory)
	if err != nil || size > 1<<40 {
		return nil, fmt.Errorf("--max-memory: %q is no size such as 64MiB", c.MaxMemory)
	}
	config.MaxBytes = int(size)
	if config.TLS, err = c.tls(); err != nil {
		return nil, err
	}
	if c.Transform != "" {
		if config.Transform, err = transform.Load(c.Transform); err != nil {
			return nil, err
		}
	}
	return config, nil
}
