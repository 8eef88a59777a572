//go:build unix

// The fleet is a small site on one machine: three services on a node with an agent,
// three NATS nodes that hold what the agent has taken, two collectors, and one store.
// Every part is a process of its own, so that any of them can be killed to see what
// becomes of a trace:
//
//	go run ./examples/fleet
//
// It sends one signed request, shows its trace, says which process is which, and runs
// until it is interrupted; a process that dies is started again. With -once it ends
// after the trace. All of it listens on loopback and lives in one temporary folder,
// which is removed at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		run(os.Args[1], roles[os.Args[1]], os.Args[2:])
		return
	}
	once := flag.Bool("once", false, "end after the trace")
	command := flag.String("sonde", "", "`FILE` of the command sonde; built if there is none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := show(ctx, os.Stdout, *command, *once)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// roles are what this program is when it is started by itself.
var roles = map[string]func(ctx context.Context, args []string) error{
	"nats":    natsNode,
	"service": service,
}

// run plays a role until it is over, or the fleet ends it.
func run(name string, role func(context.Context, []string) error, args []string) {
	signal.Ignore(os.Interrupt) // of the terminal; the fleet ends its processes in order
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := role(ctx, args); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// show starts the fleet, sends a request through it and shows its trace.
func show(ctx context.Context, out io.Writer, sonde string, once bool) (err error) {
	f, err := newFleet(out, sonde)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	if err := f.start(ctx); err != nil {
		return err
	}
	f.picture()
	base, err := f.order(ctx)
	if err != nil {
		return err
	}
	if err := f.trace(ctx, base); err != nil {
		return err
	}
	if once {
		return nil
	}
	fmt.Fprintf(out, `
More requests:

  curl %s/cart

This trace again, all traces, the agent, and what was put aside:

  cd %s
  export OSPROFILER_CONNECTION_STRING=sqlite:///%s
  %s trace show %s
  %[4]s trace list
  %[4]s agent status --socket %[6]s
  %[4]s relay quarantine list --jetstream %[7]s

Kill any process with kill -9: it is started again, and no record is lost.
Ctrl-C ends all of them.
`, f.url, f.dir, storeFile, f.command(), base, socketFile, f.nearest)
	<-ctx.Done()
	return nil
}
