package natscontrol_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/sampling"
	"github.com/sonde-go/sonde/sampling/natscontrol"
)

// A service takes changes, and a program of an operator's sends one. "sonde sampling
// set" is such a program.
func ExampleListen() {
	keys, _ := header.ParseKeys("a key that the service has")
	sampler, err := sampling.New(sampling.Config{Rules: []sampling.Rule{{Rate: 0.01}}})
	if err != nil {
		log.Fatal(err)
	}
	nc, err := nats.Connect("nats://localhost:4222")
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	if _, err := natscontrol.Listen(nc, &sampling.Receiver{Keys: keys, Service: "cart", Sampler: sampler}); err != nil {
		log.Fatal(err)
	}

	answers, err := natscontrol.Set(context.Background(), nc, keys.Primary(), sampling.Change{Service: "cart", Rules: "/cart/*=10/m, 0.1%"})
	fmt.Println(answers, err)
}
