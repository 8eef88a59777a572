package sampling_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sampling"
)

func ExampleNew() {
	sampler, err := sampling.New(sampling.Config{
		Rules: []sampling.Rule{
			{Path: "/healthz"},               // none
			{Path: "/cart/*", PerMinute: 10}, // ten a minute of each route
			{Rate: 0.01},                     // one of a hundred of all others
		},
		Budget: sampling.Budget{CPU: 0.01},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// svc, err := sonde.Open(ctx, sonde.Config{Sampler: sampler, …})
	request := profiler.Arrival{Layer: "http", Kind: layer.Server, Method: "GET", Path: "/cart/17"}
	for range 3 {
		v := sampler.Begin(context.Background(), request)
		fmt.Printf("%v %q\n", v.Trace, v.Told.Route)
	}
	// Output:
	// true "GET /cart/*"
	// false ""
	// false ""
}

func ExampleParse() {
	rules, err := sampling.Parse("/healthz=0, POST /orders=1, nats:orders.*=join 10%, /cart/*=10/m, 0.01")
	for _, r := range rules {
		fmt.Println(r)
	}
	fmt.Println(err)
	// Output:
	// /healthz=0
	// POST /orders=1
	// nats:orders.*=join 0.1
	// /cart/*=10/m
	// 0.01
	// <nil>
}

// The rules of a file hold as soon as it is changed, while a Service uses the Sampler.
func ExampleConfig_file() {
	dir, err := os.MkdirTemp("", "sampling")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "rules")
	if err := os.WriteFile(file, []byte("/healthz=0 # asked every second\n0.01\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	sampler, err := sampling.New(sampling.Config{File: file})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sampler.Rules())
	// Output: [/healthz=0 0.01]
}

// A change travels over whatever there is; package natscontrol sends it over NATS.
func ExampleReceiver() {
	keys, _ := header.ParseKeys("a key that the service has")
	sampler, _ := sampling.New(sampling.Config{})
	receiver := &sampling.Receiver{Keys: keys, Service: "cart", Sampler: sampler}

	message, err := sampling.Change{Service: "cart", Rules: "1%"}.Sign(keys.Primary(), time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receiver.Apply(message), sampler.Rules())
	fmt.Println(receiver.Apply(message)) // somebody has recorded it
	// Output:
	// <nil> [0.01]
	// sampling: a change is older than 30 seconds or than the one that holds; send it again, and compare the clocks
}
