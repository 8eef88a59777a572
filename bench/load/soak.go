package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

// flat is how much the shop's memory may grow between the second quarter of a soak
// and the last one, as a ratio.
const flat = 1.1

func soak(ctx context.Context, length time.Duration, requests int) error {
	c, err := start("sonde, a faulty sink")
	if err != nil {
		return err
	}
	defer c.stop()
	w := tabwriter.NewWriter(os.Stdout, 8, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "after\trequests\tp99\theap\tresident\tgoroutines\trecorded\tstored\tdropped\twaiting\t")
	var heaps []float64
	sent, shown, began := 0, time.Time{}, time.Now()
	for time.Since(began) < length {
		r, err := drive(ctx, c, requests, 100)
		if err != nil {
			return err
		}
		sent += requests
		heaps = append(heaps, float64(r.used.Heap))
		if time.Since(shown) > length/20 {
			shown = time.Now()
			a := r.used.Account
			fmt.Fprintf(w, "%v\t%d\t%s\t%.1f MB\t%.1f MB\t%d\t%d\t%d\t%d\t%d\t\n", since(began), sent, micro(float64(r.p99)),
				float64(r.used.Heap)/1e6, float64(r.used.Resident)/1e6, r.used.Goroutines, a.Recorded, a.Stored, a.Dropped, a.Waiting)
		}
		progress("%v of %v, %d requests", since(began), length, sent)
	}
	progress("")
	end, err := c.cost(ctx, "/close")
	if err != nil {
		return err
	}
	_ = w.Flush()
	a := end.Account
	fmt.Printf("\nclosed after %d requests: %d recorded = %d acknowledged (the sink counts %d) + %d dropped + %d unconfirmed + %d waiting\n",
		sent, a.Recorded, a.Acknowledged, a.Stored, a.Dropped, a.Unconfirmed, a.Waiting)
	quarter := len(heaps) / 4
	early, late := median(heaps[quarter:2*quarter]), median(heaps[3*quarter:])
	fmt.Printf("heap: %.2f MB in the second quarter, %.2f MB in the last one\n", early/1e6, late/1e6)
	switch {
	case a.Recorded != a.Acknowledged+a.Dropped+a.Unconfirmed+a.Waiting || a.Waiting != 0 || a.Stored != a.Acknowledged:
		return errors.New("the accounts do not balance")
	case late > flat*early:
		return errors.New("memory grows")
	}
	return nil
}
