// The stores program measures what stores cost the command: how fast many traces are
// written into one, and what a list of the ten newest takes, with few and with many
// traces in it.
//
//	GOWORK=off go run ./stores -traces 100000
//	GOWORK=off go run ./stores -store postgresql://localhost/empty
//
// A file, SQLite and, if the machine has one, a Redis of its own are always measured. A
// store that is named should be empty; its traces are not removed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/sonde-go/sonde/bench/internal/command"
	"github.com/sonde-go/sonde/bench/internal/server"
)

// few is how many traces stand in a store first.
const few = 100

func main() {
	traces := flag.Int("traces", 10_000, "how many traces there are then")
	rounds := flag.Int("rounds", 5, "how many lists the median is of")
	var named []string
	flag.Func("store", "measure the store of this `URL` too", func(url string) error {
		named = append(named, url)
		return nil
	})
	flag.Parse()
	if err := run(os.Stdout, max(*traces, 2*few), max(*rounds, 1), named); err != nil {
		fmt.Fprintln(os.Stderr, "stores:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, traces, rounds int, named []string) error {
	folder, err := os.MkdirTemp("", "sonde-stores")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	m := measurer{rounds: rounds, first: "file://" + filepath.Join(folder, "few.jsonl"), rest: "file://" + filepath.Join(folder, "many.jsonl"), traces: traces}
	if m.sonde, err = command.Build(folder); err != nil {
		return err
	}
	for name, of := range map[string][2]int{"few.jsonl": {0, few}, "many.jsonl": {few, traces}} {
		if err := write(filepath.Join(folder, name), of[0], of[1]); err != nil {
			return err
		}
	}
	stores := []string{"file://" + filepath.Join(folder, "copy.jsonl"), "sqlite:///" + filepath.Join(folder, "traces.db")}
	addr, stop, err := server.Redis(folder)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		fmt.Fprintln(os.Stderr, "stores: no row for Redis: install redis-server")
	case err != nil:
		return err
	default:
		defer stop()
		stores = append(stores, "redis://"+addr)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "store\twritten\tCPU of it\tlist of 10, of %d\tCPU of it\tof %d\tCPU of it\t\n", few, traces)
	for _, url := range append(stores, named...) {
		if err := m.row(w, url); err != nil {
			return err
		}
	}
	return w.Flush()
}

// measurer measures the command.
type measurer struct {
	sonde       string
	first, rest string // files of the few traces, and of the others
	traces      int
	rounds      int
}

func (m *measurer) row(w io.Writer, url string) error {
	if _, err := m.copy(m.first, url); err != nil {
		return err
	}
	before, err := m.list(url)
	if err != nil {
		return err
	}
	written, err := m.copy(m.rest, url)
	if err != nil {
		return err
	}
	after, err := m.list(url)
	if err != nil {
		return err
	}
	rate := float64((m.traces-few)*recordsOfTrace) / written.Wall.Seconds()
	fmt.Fprintf(w, "%s\t%.0f records/s\t%.2f s\t%d ms\t%d ms\t%d ms\t%d ms\t\n", scheme(url), rate, written.CPU.Seconds(),
		before.Wall.Milliseconds(), before.CPU.Milliseconds(), after.Wall.Milliseconds(), after.CPU.Milliseconds())
	return nil
}

func (m *measurer) copy(from, to string) (command.Usage, error) {
	u, err := command.Run(nil, m.sonde, "trace", "copy", "--all", "--from", from, "--to", to)
	if err != nil {
		err = fmt.Errorf("copying to %s: %w", scheme(to), err)
	}
	return u, err
}

// list is the median of some lists.
func (m *measurer) list(url string) (command.Usage, error) {
	var all []command.Usage
	for range m.rounds {
		u, err := command.Run(nil, m.sonde, "trace", "list", "--json", "--limit", "10", "--connection-string", url)
		if err != nil {
			return u, fmt.Errorf("listing %s: %w", scheme(url), err)
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b command.Usage) int { return int((a.Wall - b.Wall) / time.Microsecond) })
	return all[len(all)/2], nil
}
