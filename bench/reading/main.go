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
	"path/filepath"

	"github.com/sonde-go/sonde/bench/internal/command"
	"github.com/sonde-go/sonde/bench/internal/job"
)

func main() {
	points := flag.Int("points", 100_000, "how many points the trace has")
	sonde := flag.String("sonde", "", "the command to measure; built of this checkout if not given")
	make := flag.String("make", "", "only write the trace to this `file`")
	rounds := flag.Int("rounds", 3, "how often each is measured; the least is printed")
	flag.Parse()
	var err error
	if *make != "" {
		err = job.Write(*make, *points)
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
	if err := job.Write(file, points); err != nil {
		return err
	}
	if sonde == "" {
		if sonde, err = command.Build(folder); err != nil {
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
		{"trace", "show", job.Trace.String()},
		{"trace", "show", job.Trace.String(), "--all"},
		{"trace", "show", job.Trace.String(), "--format", "json"},
		{"trace", "show", job.Trace.String(), "--json"},
		{"trace", "stats", job.Trace.String()},
		{"trace", "list"},
	} {
		best := command.Usage{}
		for range rounds {
			u, err := command.Run(nil, sonde, append(args, "--connection-string", store)...)
			if err != nil {
				return fmt.Errorf("sonde %v: %w", args, err)
			}
			if best.CPU == 0 || u.CPU < best.CPU {
				best = u
			}
		}
		fmt.Fprintf(out, "%-24v CPU %6.2f s  wall %6.2f s  memory %5d MB\n", label(args), best.CPU.Seconds(), best.Wall.Seconds(), best.Memory>>20)
	}
	return parts(out, file, rounds)
}

func label(args []string) string {
	text := args[1]
	for _, a := range args[2:] {
		if a != job.Trace.String() {
			text += " " + a
		}
	}
	return text
}
