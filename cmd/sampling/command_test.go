package sampling

import (
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sampling"
	"github.com/sonde-go/sonde/sampling/natscontrol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSet(t *testing.T) {
	url := natstest.NATS(t).URL
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	keys, _ := header.ParseKeys("key")
	s, err := sampling.New(sampling.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := natscontrol.Listen(nc, &sampling.Receiver{Keys: keys, Service: "cart", Sampler: s}); err != nil {
		t.Fatal(err)
	}
	svc, _ := profilertest.New(t, "stock", func(c *profiler.Config) { c.Detail.Off = []string{"redis"} })
	other, err := sampling.New(sampling.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := natscontrol.Listen(nc, &sampling.Receiver{Keys: keys, Service: "stock", Sampler: other, Profiler: svc}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SONDE_HMAC_KEY", "key")
	var out strings.Builder
	c := setCommand{NATS: cli.Secret(url), Service: "cart", Rate: "1%", out: &out}
	if err := c.Run(t.Context()); err != nil || !strings.Contains(out.String(), `keeps "0.01"`) || len(s.Rules()) != 1 {
		t.Errorf("%v, printed %q, and %v hold", err, &out, s.Rules())
	}
	l := setCommand{NATS: cli.Secret(url), Service: "stock", Rate: "1", Layer: map[string]string{"db": "off", "redis": "on"}, out: &out}
	if err := l.Run(t.Context()); err != nil || !slices.Equal(svc.Detail().Off, []string{"db"}) {
		t.Errorf("%v, and %v are off", err, svc.Detail().Off)
	}
	for want, change := range map[string]func(*setCommand){
		"no instance":          func(c *setCommand) { c.Service = "nobody" },
		"does not say":         func(c *setCommand) { c.Rate = "often" },
		"want on or off":       func(c *setCommand) { c.Layer = map[string]string{"db": "no"} },
		"takes no changes":     func(c *setCommand) { c.Layer = map[string]string{"db": "off"} },
		"no servers available": func(c *setCommand) { c.NATS = "nats://127.0.0.1:1" },
		"invalid character":    func(c *setCommand) { c.NATS = "nats://u:hunter2@ho st:4222" },
		"--service is empty":   func(c *setCommand) { c.Service = "" },
		"say --rate 0":         func(c *setCommand) { c.Rate = "" },
		"not signed with one":  func(c *setCommand) { c.HMACKey = "another" },
	} {
		c := setCommand{NATS: cli.Secret(url), Service: "cart", Rate: "1%", out: &out}
		change(&c)
		if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	t.Setenv("SONDE_HMAC_KEY", "")
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "SONDE_HMAC_KEY") {
		t.Errorf("without a key: %v", err)
	}
}
