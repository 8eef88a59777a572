// The layercost program measures what instrumentation adds to a call, off and on:
// Sonde's own layers beside libraries instrumented with OpenTelemetry whose spans are
// trace points. It prints the table of docs/layers.md. No call leaves the process, so
// what it adds is not hidden behind a server's time.
//
//	go run ./cmd/internal/layercost
package main

import (
	"flag"
	"fmt"
	"slices"
	"syscall"

	"github.com/sonde-go/sonde/internal/race"
)

const calls = 256 // of one round, after which what was recorded is written

func main() {
	rounds := flag.Int("rounds", 101, "how many rounds of 256 calls the median is of")
	flag.Parse()
	fmt.Println("| call | bare | Sonde's layer, off | on | bridged, off | on | bridged ÷ layer, on |")
	fmt.Println("|---|---|---|---|---|---|---|")
	rig := newRig()
	defer rig.close()
	for _, r := range rig.rows() {
		ops := []func(){rig.round(r.bare, false)}
		for _, c := range []call{r.native, r.bridged} {
			ops = append(ops, rig.round(c, false), rig.round(c, true))
		}
		costs := measure(ops, *rounds)
		fmt.Printf("| %s | %s |", r.name, costs[0])
		for _, c := range costs[1:] {
			fmt.Printf(" %s |", c.over(costs[0]))
		}
		ratio := "–"
		if r.native != nil && r.bridged != nil {
			ratio = fmt.Sprintf("%.1f", (costs[4].cpu-costs[0].cpu)/(costs[2].cpu-costs[0].cpu))
		}
		fmt.Printf(" %s |\n", ratio)
	}
}

// cost is what one call takes.
type cost struct {
	allocs float64
	cpu    float64 // nanoseconds, user and system, of the whole process
	none   bool    // there is no such call
}

func (c cost) over(bare cost) cost { return cost{c.allocs - bare.allocs, c.cpu - bare.cpu, c.none} }

func (c cost) String() string {
	if c.none {
		return "–"
	}
	return fmt.Sprintf("%.1f, %.0f ns", c.allocs, max(c.cpu, 0))
}

// measure measures the ops in turn, round by round, so that a busy machine is as bad
// for one as for another.
func measure(ops []func(), rounds int) []cost {
	costs, times := make([]cost, len(ops)), make([][]float64, len(ops))
	for i, op := range ops {
		if op == nil {
			costs[i].none = true
			continue
		}
		costs[i].allocs = race.Allocs(10, op) / calls
	}
	for range rounds {
		for i, op := range ops {
			if op != nil {
				before := cpuTime()
				op()
				times[i] = append(times[i], float64(cpuTime()-before)/calls)
			}
		}
	}
	for i, t := range times {
		if len(t) > 0 {
			slices.Sort(t)
			costs[i].cpu = t[len(t)/2]
		}
	}
	return costs
}

func cpuTime() int64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}
