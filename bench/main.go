// The bench program measures Sonde beside its peers in one run and prints a
// table. The figures are CPU nanoseconds (user and system time, background
// work and garbage collection included) and allocations an operation, medians
// of several rounds. They are as good as the machine is quiet; the ratios
// between the columns hold better than the figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/sonde-go/sonde/profiler"
)

// row is one kind of work and who does it.
type row struct {
	name   string
	off    bool    // nobody is traced: measured first, before any trace is begun
	budget float64 // nanoseconds that Sonde may take; 0: none
	allocs float64 // allocations that it may make
	bare   op      // is subtracted from the others, if there is one
	sonde  op
	least  op // what no profiler could do without
	peers  peers
	other  op
	who    string // the other peer
}

// The peers that have a column of their own.
const (
	otel = iota
	dd
	elasticAPM
	zipkinGo
)

// peers has what each peer does, nil where it has nothing of the kind.
type peers [len(columns)]op

var columns = [...]string{otel: "OpenTelemetry", dd: "Datadog", elasticAPM: "Elastic APM", zipkinGo: "Zipkin"}

func main() {
	if dir := os.Getenv(asAgent); dir != "" {
		serveAgent(dir)
		return
	}
	only := flag.String("run", "", "measure the rows whose name matches this `regexp`")
	target := flag.Duration("time", 200*time.Millisecond, "how long a round takes")
	rounds := flag.Int("rounds", 7, "how many rounds the median is of")
	flag.Parse()
	match, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	var off, on []row
	for _, group := range []func() []row{headerRows, pointRows, httpRows, grpcRows, sqlRows, recordRows} {
		for _, r := range group() {
			if r.off {
				off = append(off, r)
			} else {
				on = append(on, r)
			}
		}
	}
	rows := append(off, on...)
	if slices.ContainsFunc(beside, match.MatchString) {
		besides, stop := besideRows()
		defer stop()
		rows = append(rows, besides...)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "work\tSonde\tbudget\t\tat least\t%s\tother peer\t\n", strings.Join(columns[:], "\t"))
	over := 0
	for _, r := range rows {
		if !match.MatchString(r.name) {
			continue
		}
		progress(r.name)
		var bare cost
		if r.bare != nil {
			bare = measure(r.bare, *target, *rounds)
		}
		mine := measure(r.sonde, *target, *rounds).minus(bare)
		fmt.Fprintf(w, "%s\t%s\t", r.name, mine)
		if r.budget > 0 {
			verdict := "within"
			if mine.cpu > r.budget || mine.allocs > r.allocs+0.5 {
				verdict = "OVER"
				over++
			}
			fmt.Fprintf(w, "%.0f ns, %.0f\t%s\t", r.budget, r.allocs, verdict)
		} else {
			fmt.Fprint(w, "\t\t")
		}
		for _, o := range append([]op{r.least}, r.peers[:]...) {
			fmt.Fprintf(w, "%s\t", peer(o, bare, mine, *target, *rounds))
		}
		if r.other != nil {
			fmt.Fprintf(w, "%s %s", r.who, peer(r.other, bare, mine, *target, *rounds))
		}
		fmt.Fprintln(w, "\t")
		tracer.Stop() // Datadog's
	}
	progress("")
	w.Flush()
	if match.MatchString("statistics") {
		text, err := statistics()
		check(err)
		fmt.Println(text)
	}
	if over > 0 {
		fmt.Printf("%d rows are over their budget.\n", over)
	}
}

// progress says on a terminal what is being measured.
func progress(what string) {
	if fi, err := os.Stderr.Stat(); err == nil && fi.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r%-60s\r", what)
	}
}

func (c cost) String() string { return fmt.Sprintf("%.0f ns, %.1f", c.cpu, c.allocs) }

// peer is a peer's cost and how many times Sonde's it is.
func peer(o op, bare, mine cost, target time.Duration, rounds int) string {
	if o == nil {
		return ""
	}
	c := measure(o, target, rounds).minus(bare)
	if mine.cpu < 1 {
		return c.String()
	}
	return fmt.Sprintf("%s (%.1fx)", c, c.cpu/mine.cpu)
}

// each makes an op of a function that does its work once.
func each(f func()) op {
	return func(n int) {
		for range n {
			f()
		}
	}
}

// begun is a context in a trace of svc, which is begun when it is asked for.
func begun(svc *profiler.Service) func() context.Context {
	return sync.OnceValue(func() context.Context {
		ctx, _ := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
		return ctx
	})
}

// within makes an op of a function that does its work once, in a trace.
func within(ctx func() context.Context, f func(context.Context)) op {
	return func(n int) {
		in := ctx()
		for range n {
			f(in)
		}
	}
}
