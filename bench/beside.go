package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sonde-go/sonde/bench/internal/server"
	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/agent"
	_ "github.com/sonde-go/sonde/drivers/redis"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	relay "github.com/sonde-go/sonde/relay/agent"
)

// noStore is a store that is done before it begins.
type noStore struct{}

func (noStore) Notify(context.Context, []record.Event) error { return nil }
func (noStore) Close() error                                 { return nil }

// asAgent is set for a process of this program that is to be an agent: its folder.
const asAgent = "SONDE_BENCH_AS_AGENT"

// serveAgent is the agent, with its spool on the disk and a store that takes no time.
// It ends with its standard input.
func serveAgent(dir string) {
	ctx, cancel := context.WithCancel(context.Background())
	a := must(relay.New(ctx, relay.Config{
		Listen: []string{"unix://" + filepath.Join(dir, "a.sock")}, DataDir: filepath.Join(dir, "data"), Sync: 100 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
		Stores: []*drivers.Store{drivers.NewStore("nothing://", noStore{})},
	}))
	fmt.Println("ready")
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString(0)
		cancel()
	}()
	check(a.Run(ctx))
}

// beside are the names of these rows.
var beside = []string{"trace of 64 points, to nothing", "trace of 64 points, to an agent", "trace of 64 points, to Redis"}

// besideRows are a trace on the request path where its records go to nothing, to an
// agent on this machine, and to Redis: the CPU of this process only. The servers are
// processes of their own.
func besideRows() (rows []row, stop func()) {
	dir := must(os.MkdirTemp("", "sonde-bench-"))
	stops := []func(){func() { _ = os.RemoveAll(dir) }}
	stop = func() {
		for i := len(stops) - 1; i >= 0; i-- {
			stops[i]()
		}
	}
	add := func(name string, sink record.Sink) {
		svc := must(profiler.New(profiler.Config{Name: "api", Project: "shop", Host: "host-a", Keys: keys, Sink: sink,
			Limits: profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt}}))
		rows = append(rows, row{name: name, sonde: flushed(inBatches(svc, func() { sondeTrace(svc) }), svc.Flush)})
	}
	add(beside[0], noStore{})

	self := exec.Command(os.Args[0])
	self.Env = append(os.Environ(), asAgent+"="+dir)
	self.Stderr = os.Stderr
	in, out := must(self.StdinPipe()), must(self.StdoutPipe())
	check(self.Start())
	stops = append(stops, func() { _ = in.Close(); _ = self.Wait() })
	must(bufio.NewReader(out).ReadString('\n'))
	add(beside[1], opened("agent://"+filepath.Join(dir, "a.sock"), &stops))

	url := os.Getenv("SONDE_BENCH_REDIS")
	if url == "" {
		if url = startRedis(dir, &stops); url == "" {
			return rows, stop
		}
	}
	add(beside[2], opened(url, &stops))
	return rows, stop
}

// perFlush is how many traces are made until the queue is flushed, so that it never has
// to drop one.
const perFlush = 128

func inBatches(svc *profiler.Service, f func()) op {
	return func(n int) {
		for i := range n {
			f()
			if i%perFlush == perFlush-1 {
				check(svc.Flush(context.Background()))
			}
		}
	}
}

func opened(url string, stops *[]func()) *drivers.Store {
	store := must(drivers.Open(context.Background(), url, drivers.Options{}))
	*stops = append(*stops, func() { _ = store.Close() })
	check(store.Ping(context.Background()))
	return store
}

// startRedis returns the URL of a server of its own, "" if the machine has none.
func startRedis(dir string, stops *[]func()) string {
	addr, end, err := server.Redis(dir, "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-random")
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Fprintln(os.Stderr, "bench: no row for Redis: install redis-server, or name one in SONDE_BENCH_REDIS")
		return ""
	}
	check(err)
	*stops = append(*stops, end)
	return "redis://" + addr
}
