package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// rest measures the command as users run it.
func (b *bench) rest(ctx context.Context) error {
	fmt.Println("\nMemory")
	command := filepath.Join(b.dir, "sonde")
	build := exec.CommandContext(ctx, "go", "build", "-o", command, "./cmd/sonde")
	build.Dir = ".."
	build.Env = append(build.Environ(), "GOWORK=")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	socket := b.folder() + ".sock"
	cmd := exec.CommandContext(ctx, command, "agent", "--listen", "unix://"+socket, "--data-dir", b.folder(), "--store", "file://"+b.folder())
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd}
	defer p.stop()
	time.Sleep(3 * time.Second)
	tell := func(when string) {
		fmt.Printf("%-58s %s, of which %s are the program's own and %s pages of its file\n",
			"sonde agent, "+when, mb(p.memory("VmRSS")), mb(p.memory("RssAnon")), mb(p.memory("RssFile")))
	}
	tell("at rest")
	to := at("unix://" + socket)
	if err := to.all(senders, 100, post("/v1/events", kind, records(perPost, 1))); err != nil {
		return err
	}
	if err := to.emptied(); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	tell("after 51,200 records")
	return nil
}

// overload sends an agent ten times what its store takes, until its spool is full and
// twice as long.
func (b *bench) overload(context.Context) error {
	const room = 256 << 20
	p, err := start(role{Role: "agent", Dir: b.folder(), Listen: "unix://" + b.folder() + ".sock", Sync: interval, MaxBytes: room, Store: "slow"})
	if err != nil {
		return err
	}
	defer p.stop()
	to := at(p.said)
	request := post("/v1/events", kind, records(perPost, 1))
	resting := p.memory("VmRSS")
	before, err := to.stored()
	if err != nil {
		return err
	}
	began := time.Now()
	var took, refused int64
	for took == 0 || refused < 2*took {
		counts, err := to.send(64, 2000, func() []byte { return request })
		if err != nil {
			return err
		}
		took, refused = took+counts.ok.Load(), refused+counts.full.Load()
	}
	length := time.Since(began).Seconds()
	after, err := to.stored()
	if err != nil {
		return err
	}
	drained := after - before
	fmt.Printf("%-58s %s at most (%s at rest)\n", "agent, overloaded", mb(p.memory("VmHWM")), mb(resting))
	fmt.Printf("  64 senders, %s records/s offered, %s records/s stored (1 of %.0f), spool of %s: %d posts taken, %d refused with 429\n",
		thousands(float64((took+refused)*perPost)/length), thousands(drained/length), float64((took+refused)*perPost)/max(drained, 1), mb(room), took, refused)
	return nil
}

// distinct measures what the number of traces in the spool is to a NATS server.
func (b *bench) distinct(ctx context.Context) error {
	s, err := b.openSite(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	tell := func(what string) {
		before := s.nats.memory("RssAnon")
		_ = s.nats.cmd.Process.Signal(syscall.SIGUSR1)
		time.Sleep(3 * time.Second)
		fmt.Printf("%-58s %s anonymous, %s once its garbage is collected\n", "NATS server, "+what, mb(before), mb(s.nats.memory("RssAnon")))
	}
	tell("at rest")
	done := 0
	for _, n := range []int{b.traces / 10, b.traces} {
		began := time.Now()
		if _, err := s.to.send(4, (n-done)/perPost, fresh); err != nil {
			return err
		}
		done = n
		tell(fmt.Sprintf("%s traces of a record each (%.0f s)", thousands(float64(n)), time.Since(began).Seconds()))
	}
	time.Sleep(130 * time.Second) // by then it has forgotten the ids of messages
	tell("130 seconds later")
	return nil
}
