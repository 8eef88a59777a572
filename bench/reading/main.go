// The reading program measures what it takes to read a trace and to report it:
// the command as a whole process (CPU and the most memory that it held), and its
// parts within this one (nanoseconds of CPU and bytes allocated, a record). It makes
// a file of records of its own, one trace of as many points as are asked for.
//
//	GOWORK=off go run ./reading -points 1000000
//	GOWORK=off go run ./reading -points 1000000 -sonde /tmp/sonde-before
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	points := flag.Int("points", 100_000, "how many points the trace has")
	sonde := flag.String("sonde", "", "the command to measure; built of this checkout if not given")
	make := flag.String("make", "", "only write the trace to this `file`")
	rounds := flag.Int("rounds", 3, "how often each is measured; the least is printed")
	flag.Parse()
	var err error
	if *make != "" {
		err = makeFile(*make, *points)
	} else {
		err = run(os.Stdout, *points, *sonde, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reading:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, points int, sonde string, rounds int) error {
	folder, err := os.MkdirTemp("", "sonde-reading")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "trace.jsonl")
	if err := makeFile(file, points); err != nil {
		return err
	}
	if sonde == "" {
		sonde = filepath.Join(folder, "sonde")
		build := exec.Command("go", "build", "-o", sonde, "../cmd/sonde")
		build.Env = append(os.Environ(), "GOWORK=")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return err
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d points, %d MB, %d bytes a record\n", points, info.Size()>>20, info.Size()/int64(2*points))
	store := "file://" + file
	for _, args := range [][]string{
		{"trace", "show", traceID.String()},
		{"trace", "show", traceID.String(), "--all"},
		{"trace", "show", traceID.String(), "--format", "json"},
		{"trace", "show", traceID.String(), "--json"},
		{"trace", "stats", traceID.String()},
		{"trace", "list"},
	} {
		best := usage{}
		for range rounds {
			u, err := process(sonde, append(args, "--connection-string", store)...)
			if err != nil {
				return fmt.Errorf("sonde %v: %w", args, err)
			}
			if best.cpu == 0 || u.cpu < best.cpu {
				best = u
			}
		}
		fmt.Fprintf(out, "%-24v CPU %6.2f s  wall %6.2f s  memory %5d MB\n", label(args), best.cpu.Seconds(), best.wall.Seconds(), best.memory>>20)
	}
	return parts(out, file, rounds)
}

func label(args []string) string {
	text := args[1]
	for _, a := range args[2:] {
		if a != traceID.String() {
			text += " " + a
		}
	}
	return text
}

// usage is what a process has used.
type usage struct {
	cpu, wall time.Duration
	memory    int64 // the most that was resident
}

func process(name string, args ...string) (u usage, err error) {
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return u, err
	}
	defer out.Close()
	c.Stdout = out
	began := time.Now()
	if err := c.Run(); err != nil {
		return u, err
	}
	used := c.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{c.ProcessState.UserTime() + c.ProcessState.SystemTime(), time.Since(began), used.Maxrss << 10}, nil
}
