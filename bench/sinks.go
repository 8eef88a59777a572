package main

import (
	"context"
	"math"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// serialise is Sonde's sink: every record is encoded as it would be stored,
// and thrown away.
type serialise struct{ buf []byte }

func (s *serialise) Notify(_ context.Context, events []record.Event) error {
	s.buf = s.buf[:0]
	for i := range events {
		s.buf = append(events[i].AppendJSON(s.buf), '\n')
	}
	return nil
}

var keys = must(header.ParseKeys("the key of the benchmarks"))

func newService(with ...func(*profiler.Config)) *profiler.Service {
	c := profiler.Config{
		Name: "api", Project: "shop", Host: "host-a", Keys: keys, Sink: &serialise{},
		// Each measurement sends the same headers over and over.
		Limits: profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt},
	}
	for _, f := range with {
		f(&c)
	}
	return must(profiler.New(c))
}

func callSites(c *profiler.Config) { c.CallSites = true }

// signed are the headers of one request that is to be traced.
func signed() (info, mac string) {
	s := keys.Primary().Sign(header.Info{BaseID: header.NewID(), ParentID: header.NewID()})
	return s.Info, s.HMAC
}

// flushed runs an op and then waits for the background to be done.
func flushed(o op, flush func(context.Context) error) op {
	return func(n int) {
		o(n)
		check(flush(context.Background()))
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
