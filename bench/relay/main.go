// The relay program measures what records cost on their way through an agent and a
// collector, and what the same traces cost an OpenTelemetry Collector in the same run.
//
// Each server is a process of its own, and its figure is its CPU time alone, user and
// system, as Linux counts it in /proc: what other processes of the machine do, the
// senders among them, does not count, and the medians of several rounds are printed. So
// "records/s/core" is what one core would take if it did nothing else. What waits for a
// disk is also told by the clock, beside the disk's own rate in the same run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

func main() {
	serve := flag.String("serve", "", "be the process that this `config` in JSON says (what this program starts)")
	var b bench
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of each figure")
	flag.IntVar(&b.posts, "posts", 3000, "posts of 512 records in a round")
	flag.IntVar(&b.traces, "traces", 1_000_000, "distinct traces whose memory in a NATS server is measured; a tenth of them first")
	flag.StringVar(&b.only, "only", "", "measure only this: intake, disk, spool, drain, otel, memory, overload or traces")
	dir := flag.String("dir", os.TempDir(), "a `folder` on the disk that is to be measured, with room for some GiB")
	flag.Parse()
	if *serve != "" {
		exit(serveRole(*serve))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if b.dir, err = os.MkdirTemp(*dir, "sonde-relay-bench-"); err != nil {
		exit(err)
	}
	context.AfterFunc(ctx, func() { // the processes end with their standard input
		time.Sleep(time.Second)
		_ = os.RemoveAll(b.dir)
		os.Exit(1)
	})
	err = b.run(ctx)
	exit(errors.Join(err, os.RemoveAll(b.dir)))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	rounds, posts, traces int
	only, dir             string
	folders               int
}

// folder is a new one on the disk that is measured.
func (b *bench) folder() string {
	b.folders++
	return filepath.Join(b.dir, fmt.Sprint(b.folders))
}

func (b *bench) run(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return errors.New("CPU and memory of processes are read from Linux's /proc")
	}
	body := records(perPost, 1)
	fmt.Printf("%s, %s, %d cores; medians of %d rounds. A record has %d bytes; a post has %d unless said.\n",
		runtime.Version(), cpuModel(), runtime.NumCPU(), b.rounds, len(body)/perPost, perPost)
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"intake", b.intake}, {"spool", b.spool}, {"disk", b.always}, {"drain", b.drain}, {"otel", b.otel},
		{"memory", b.rest}, {"overload", b.overload}, {"traces", b.distinct},
	} {
		if b.only != "" && b.only != part.name {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}
