package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// cost is what one operation takes.
type cost struct {
	cpu    float64 // nanoseconds of CPU time, user and system, of the whole process
	wall   float64 // nanoseconds
	allocs float64
}

func (c cost) minus(d cost) cost {
	return cost{c.cpu - d.cpu, c.wall - d.wall, c.allocs - d.allocs}
}

// op runs an operation n times and returns when its background work is done
// too.
type op func(n int)

// measure gives the median of several rounds. CPU time, not wall time, so that
// background goroutines and the garbage collector are counted and neighbours
// on a shared machine are not.
func measure(o op, target time.Duration, rounds int) cost {
	n := 64
	for {
		start := time.Now()
		o(n)
		if d := time.Since(start); d > target/4 || n > 1<<28 {
			n = max(n, int(float64(n)*float64(target)/float64(d+1)))
			break
		}
		n *= 4
	}
	costs := make([]cost, rounds)
	for i := range costs {
		costs[i] = once(o, n)
	}
	return cost{
		cpu:    median(costs, func(c cost) float64 { return c.cpu }),
		wall:   median(costs, func(c cost) float64 { return c.wall }),
		allocs: median(costs, func(c cost) float64 { return c.allocs }),
	}
}

func once(o op, n int) cost {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	o(n)
	wall, used := time.Since(start), cpuTime()-cpu
	runtime.ReadMemStats(&after)
	return cost{
		cpu:    float64(used) / float64(n),
		wall:   float64(wall) / float64(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
	}
}

func median(costs []cost, of func(cost) float64) float64 {
	v := make([]float64, len(costs))
	for i, c := range costs {
		v[i] = of(c)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
