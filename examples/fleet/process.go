//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// process is one part of the fleet. It is started again whenever it dies, until stop.
type process struct {
	name string
	args []string // of the program, which is the first
	log  string   // the file for what it prints
	said io.Writer

	mu      sync.Mutex
	cmd     *exec.Cmd // guarded by mu; what runs now
	ending  bool      // guarded by mu
	stopped chan struct{}
}

// start starts p, and keeps it running.
func (p *process) start() error {
	if err := p.launch(); err != nil {
		return err
	}
	p.stopped = make(chan struct{})
	go p.keep()
	return nil
}

func (p *process) launch() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending {
		return nil
	}
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	// A process group of its own: Ctrl-C is for the fleet, which ends the parts in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.cmd = cmd
	return nil
}

// keep waits for p's end, and starts it again unless that was asked for.
func (p *process) keep() {
	defer close(p.stopped)
	for {
		p.mu.Lock()
		cmd := p.cmd
		p.mu.Unlock()
		err := cmd.Wait()
		p.mu.Lock()
		ending := p.ending
		p.mu.Unlock()
		if ending {
			return
		}
		fmt.Fprintf(p.said, "%s has died (%v) and is started again; its log:\n  %s\n", p.name, err, p.log)
		time.Sleep(time.Second) // as a service manager would
		if err := p.launch(); err != nil {
			fmt.Fprintln(p.said, err)
			return
		}
	}
}

// pid is that of the process that runs now.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// stop asks p to end, and kills it if it has not after ten seconds.
func (p *process) stop() error {
	if p.stopped == nil {
		return nil // it was never started
	}
	p.mu.Lock()
	p.ending = true
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.mu.Unlock()
	select {
	case <-p.stopped:
		return nil
	case <-time.After(10 * time.Second):
		p.mu.Lock()
		_ = p.cmd.Process.Kill()
		p.mu.Unlock()
		<-p.stopped
		return fmt.Errorf("%s did not end in ten seconds, and was killed", p.name)
	}
}

// until calls ok until it returns nil, ctx ends, or half a minute is over.
func until(ctx context.Context, what string, ok func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New(what+" does not become ready"))
	defer cancel()
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// program builds the command sonde in dir.
func program(ctx context.Context, dir string) (string, error) {
	file := filepath.Join(dir, "sonde")
	build := exec.CommandContext(ctx, "go", "build", "-o", file, "github.com/sonde-go/sonde/cmd/sonde")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the command sonde cannot be built here (give one with -sonde): %w\n%s", err, out)
	}
	return file, nil
}
