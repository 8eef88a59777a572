// Package sampling is the command "sonde sampling", which changes by which rules
// services sample while they run.
package sampling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/sampling"
	"github.com/sonde-go/sonde/sampling/natscontrol"
)

// Command is the command "sampling".
func Command() cli.Option {
	return cli.WithCommand("sampling", "Change what services sample, while they run.", &command{Set: setCommand{out: os.Stdout}})
}

type command struct {
	Set setCommand `cmd:"" help:"Give all instances of a service other rules, over NATS."`
}

type setCommand struct {
	cli.KeyFlags
	NATS    cli.Secret        `name:"nats" required:"" help:"Server at which the service listens, or env:NAME or @FILE." placeholder:"nats://HOST:PORT"`
	Service string            `required:"" help:"Name of the service." placeholder:"NAME"`
	Rate    string            `xor:"rules" required:"" help:"Share of all requests to keep: 0.01 or 1%. 0 keeps none." placeholder:"SHARE"`
	Rules   string            `xor:"rules" required:"" help:"Rules, of which the first one that fits decides." placeholder:"RULES"`
	Layer   map[string]string `help:"Switch the points of a layer: db=off, own=on; may be repeated. Others stay as they are." placeholder:"NAME=on|off"`
	Creds   string            `help:"File with the credentials for NATS." placeholder:"FILE" type:"existingfile"`

	out io.Writer
}

func (*setCommand) Help() string {
	return `The rules replace those that hold, until the service is started again, its file of rules changes or
this command is used again. The message is signed and valid for 30 seconds. What a rule says, and
what a service needs to listen, is in docs/sampling.md. It exits with 1 if an instance refuses, or
if none answers.

Examples:

  export SONDE_HMAC_KEY=the-key-of-the-services
  sonde sampling set --nats nats://localhost:4222 --service cart --rate 1%
  sonde sampling set --nats nats://localhost:4222 --service cart --rules '/healthz=0, /cart/*=10/m, 0.01'
  sonde sampling set --nats nats://localhost:4222 --service cart --rate 0.1 --layer db=off`
}

// Run is called by the command line.
func (c *setCommand) Run(ctx context.Context) error {
	if c.Service == "" {
		return errors.New("--service is empty: whose rules are they?")
	}
	rules := strings.TrimSpace(cmp.Or(c.Rules, c.Rate))
	if rules == "" {
		return errors.New("there are no rules: to keep nothing, say --rate 0")
	}
	keys, err := c.Keys()
	if err != nil {
		return err
	}
	opts := []nats.Option{nats.Name("sonde sampling set"), nats.Timeout(5 * time.Second)}
	if c.Creds != "" {
		opts = append(opts, nats.UserCredentials(c.Creds))
	}
	layers := map[string]bool{}
	for name, state := range c.Layer {
		if state != "on" && state != "off" {
			return fmt.Errorf("--layer %s=%s: want on or off behind the equals sign", name, state)
		}
		layers[name] = state == "on"
	}
	nc, err := nats.Connect(string(c.NATS), opts...)
	var inURL *url.Error // which it would show with its password
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	defer nc.Close()
	answers, err := natscontrol.Set(ctx, nc, keys.Primary(), sampling.Change{Service: c.Service, Rules: rules, Layers: layers})
	if err != nil {
		return err
	}
	var refused error
	for _, a := range answers {
		if a.Error != "" {
			refused = errors.Join(refused, fmt.Errorf("instance %q: %q", a.Instance, a.Error))
			continue
		}
		fmt.Fprintf(c.out, "instance %q keeps %q\n", a.Instance, strings.Join(a.Rules, ", "))
	}
	return refused
}
