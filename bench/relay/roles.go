package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/agent"
	"github.com/sonde-go/sonde/relay/collector"
)

// role is what a process of this program does.
type role struct {
	Role     string        // agent, collector or nats
	Dir      string        // of the agent's spool, or NATS's
	Listen   string        // the agent's
	Sync     time.Duration // the agent's
	MaxBytes int64         // of the agent's spool
	NATS     string        // URL of the agent's or the collector's cluster
	Store    string        // null, blocked, or slow: 5 ms for each batch
}

// serveRole runs a role until standard input ends.
func serveRole(text string) error {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt) // the program that started it ends it
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	ctx, end := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer end()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	stores := []*drivers.Store{drivers.NewStore("null://", null{})}
	switch r.Store {
	case "blocked":
		stores = []*drivers.Store{drivers.NewStore("blocked://", blocked{})}
	case "slow":
		stores = []*drivers.Store{drivers.NewStore("slow://", slow{})}
	}
	switch r.Role {
	case "agent":
		c := agent.Config{Listen: []string{r.Listen}, DataDir: r.Dir, Sync: r.Sync, JetStream: r.NATS, MaxBytes: r.MaxBytes,
			StopTimeout: time.Millisecond, Log: log}
		if r.NATS == "" {
			c.Stores = stores
		}
		a, err := agent.New(ctx, c)
		if err != nil {
			return err
		}
		fmt.Println(a.Addresses()[0])
		return a.Run(ctx)
	case "collector":
		c, err := collector.New(ctx, collector.Config{JetStream: r.NATS, Stores: stores, Log: log})
		if err != nil {
			return err
		}
		fmt.Println("ready")
		return c.Run(ctx)
	case "nats":
		s, err := server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, JetStream: true, StoreDir: r.Dir,
			JetStreamMaxStore: 64 << 30, JetStreamMaxMemory: 1 << 20, DisableJetStreamBanner: true,
		})
		if err != nil {
			return err
		}
		s.Start()
		defer s.WaitForShutdown()
		defer s.Shutdown()
		if !s.ReadyForConnections(time.Minute) {
			return fmt.Errorf("NATS does not start in %s", r.Dir)
		}
		fmt.Println(s.ClientURL())
		collect := make(chan os.Signal, 1)
		signal.Notify(collect, syscall.SIGUSR1) // before its memory is looked at
		for {
			select {
			case <-collect:
				debug.FreeOSMemory()
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// null is a store that keeps nothing, at no cost.
type null struct{}

func (null) Notify(context.Context, []record.Event) error { return nil }
func (null) Close() error                                 { return nil }

// blocked is a store that never answers: what is measured with it is not the way from
// the spool to the store.
type blocked struct{ null }

func (blocked) Notify(ctx context.Context, _ []record.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

// slow is a store that takes 5 ms for each batch.
type slow struct{ null }

func (slow) Notify(ctx context.Context, _ []record.Event) error {
	select {
	case <-time.After(5 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
