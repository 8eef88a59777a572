package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// variant is a shop and how many of a hundred requests are traced.
type variant struct {
	shop    int // of shops
	percent int
}

// Each of these is a process. The first is what the others are compared with. The second
// is the same once more: what it differs by is the error of the measurement.
var shops = []string{"nothing", "nothing", "sonde", "OpenTelemetry"}

var variants = []variant{{0, 0}, {1, 0}, {2, 0}, {2, 1}, {2, 100}, {3, 0}, {3, 1}, {3, 100}}

// renewed is after how many rounds the processes are started anew: where one happens to
// lie in memory makes it a few percent faster or slower for as long as it lives.
const renewed = 5

func compare(ctx context.Context, rounds, requests int) error {
	began := time.Now()
	results := make([][]round, len(variants))
	order := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < rounds; n += renewed {
		progress("round %d of %d, %v", n, rounds, since(began))
		if err := compareSome(ctx, min(renewed, rounds-n), requests, order, results); err != nil {
			return err
		}
	}
	progress("")
	fmt.Printf("%d rounds of %d requests, %d at a time; the ratio to the bare shop in the same round, its median and 95 %% interval\n\n", rounds, requests, clients)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "shop with\ttraced\tCPU a request\tratio\t\trequests a second\tratio\t\tp50\tratio\t\tp99\tratio\t\tresident\t")
	for i, v := range variants {
		name := shops[v.shop]
		if i == 1 {
			name += ", once more"
		}
		fmt.Fprintf(w, "%s\t%d %%\t", name, v.percent)
		for _, f := range []struct {
			of   func(round) float64
			text func(float64) string
		}{
			{func(r round) float64 { return r.cpu }, micro},
			{func(r round) float64 { return r.throughput }, func(v float64) string { return fmt.Sprintf("%.0f", v) }},
			{func(r round) float64 { return float64(r.p50) }, micro},
			{func(r round) float64 { return float64(r.p99) }, micro},
		} {
			own, ratio := figures(results[i], f.of), make([]float64, rounds)
			for n, bare := range figures(results[0], f.of) {
				ratio[n] = own[n] / bare
			}
			low, high := interval(ratio)
			fmt.Fprintf(w, "%s\t%.3f\t%.3f–%.3f\t", f.text(median(own)), median(ratio), low, high)
		}
		fmt.Fprintf(w, "%.0f MB\t\n", median(figures(results[i], func(r round) float64 { return float64(r.used.Resident) }))/1e6)
	}
	return w.Flush()
}

// compareSome adds rounds of new processes to the results.
func compareSome(ctx context.Context, rounds, requests int, order *rand.Rand, results [][]round) error {
	children := make([]*child, len(shops))
	for i, with := range shops {
		c, err := start(with)
		if err != nil {
			return err
		}
		defer c.stop()
		children[i] = c
	}
	for n := range rounds + 1 {
		for _, i := range order.Perm(len(variants)) {
			v := variants[i]
			r, err := drive(ctx, children[v.shop], requests, v.percent)
			if err != nil {
				return fmt.Errorf("the shop with %s: %w", shops[v.shop], err)
			}
			if n > 0 { // the first warms up
				results[i] = append(results[i], r)
			}
		}
	}
	return nil
}

func micro(ns float64) string { return fmt.Sprintf("%.0f µs", ns/1000) }

func figures(rounds []round, of func(round) float64) []float64 {
	v := make([]float64, len(rounds))
	for i, r := range rounds {
		v[i] = of(r)
	}
	return v
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// interval is the 95 % confidence interval of the median, by resampling.
func interval(v []float64) (low, high float64) {
	r := rand.New(rand.NewPCG(1, 2))
	medians := make([]float64, 2000)
	sample := make([]float64, len(v))
	for i := range medians {
		for j := range sample {
			sample[j] = v[r.IntN(len(v))]
		}
		medians[i] = median(sample)
	}
	slices.Sort(medians)
	return medians[len(medians)*25/1000], medians[len(medians)*975/1000]
}
