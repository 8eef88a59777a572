// The load program runs the same shop without instrumentation, with Sonde and with
// OpenTelemetry, each in a process of its own, which is started anew every few rounds, and
// under the same load in turn, with none, one in a hundred and all of the requests traced. It prints what a request
// costs the shop, in CPU and in time, and how sure the figures are: each round's
// figure is divided by that of the bare shop in the same round, and the table has
// the median of these ratios and the interval that holds it in 95 of 100 cases.
//
// With -soak it runs the shop with Sonde for that long with every request traced and
// a sink that fails now and then, and checks that memory stays flat and that every
// record is accounted for.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	with := flag.String("serve", "", "run a shop `with` nothing, sonde or OpenTelemetry (what this program starts)")
	rounds := flag.Int("rounds", 40, "how many rounds are compared")
	requests := flag.Int("requests", 2000, "how many requests a round sends to each shop")
	length := flag.Duration("soak", 0, "instead of comparing, load the shop for this long")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case *with != "":
		err = serve(*with)
	case *length > 0:
		err = soak(ctx, *length, *requests)
	default:
		err = compare(ctx, *rounds, *requests)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// progress says on a terminal how far the work is.
func progress(format string, args ...any) {
	if fi, err := os.Stderr.Stat(); err == nil && fi.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r%-60s\r", fmt.Sprintf(format, args...))
	}
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
