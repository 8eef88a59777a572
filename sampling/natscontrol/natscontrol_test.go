package natscontrol_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/sampling"
	"github.com/sonde-go/sonde/sampling/natscontrol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSet: two instances of a service take over rules, one of another service does
// not, and what a stranger sends is not heard.
func TestSet(t *testing.T) {
	url := natstest.NATS(t).URL
	connect := func() *nats.Conn {
		t.Helper()
		nc, err := nats.Connect(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	ring, _ := header.ParseKeys("new, old")
	old, _ := header.ParseKeys("old")
	stranger, _ := header.ParseKeys("a stranger's")
	samplers := map[string]*sampling.Sampler{}
	for name, service := range map[string]string{"one": "my cart", "two": "my cart", "other": "stock"} {
		s, err := sampling.New(sampling.Config{})
		if err != nil {
			t.Fatal(err)
		}
		samplers[name] = s
		nc := connect()
		if _, err := natscontrol.Listen(nc, &sampling.Receiver{Keys: ring, Service: service, Sampler: s}); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	sender := connect()
	answers, err := natscontrol.Set(t.Context(), sender, old.Primary(), sampling.Change{Service: "my cart", Rules: "/x=0, 1%"})
	if err != nil || len(answers) != 2 || answers[0].Instance == answers[1].Instance {
		t.Fatalf("%+v, %v; want the answers of two instances", answers, err)
	}
	for _, a := range answers {
		if a.Error != "" || strings.Join(a.Rules, ", ") != "/x=0, 0.01" {
			t.Errorf("%+v", a)
		}
	}
	if len(samplers["one"].Rules()) != 2 || len(samplers["two"].Rules()) != 2 || len(samplers["other"].Rules()) != 0 {
		t.Error("the rules do not hold where they should, or elsewhere too")
	}
	_, err = natscontrol.Set(t.Context(), sender, stranger.Primary(), sampling.Change{Service: "my cart", Rules: "1"})
	if err == nil || !strings.Contains(err.Error(), "not signed with one of its keys") || len(samplers["one"].Rules()) != 2 {
		t.Errorf("a stranger's change: %v", err)
	}
	_, err = natscontrol.Set(t.Context(), sender, old.Primary(), sampling.Change{Service: "nobody", Rules: "1"})
	if err == nil || !strings.Contains(err.Error(), "no instance") {
		t.Errorf("nobody listens: %v", err)
	}
	_, err = natscontrol.Set(t.Context(), sender, old.Primary(), sampling.Change{Service: "my cart", Rules: "often"})
	if err == nil || !strings.Contains(err.Error(), "does not say how many") {
		t.Errorf("rules that make no sense: %v", err)
	}
	if got := natscontrol.Subject("a.b c*>é"); got != "sonde.control.a_b_c___" {
		t.Errorf("the subject is %s", got)
	}
}
