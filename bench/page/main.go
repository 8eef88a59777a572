// The page program measures the page of a large trace in a real browser, and the
// memory in which the command writes the forms of a larger one.
//
//	GOWORK=off go run ./page
//	GOWORK=off go run ./page -points 20000 -memory 0
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/sonde-go/sonde/bench/internal/command"
	"github.com/sonde-go/sonde/bench/internal/job"
)

func main() {
	points := flag.Int("points", 100_000, "how many points the page's trace has")
	memory := flag.Int("memory", 1_000_000, "how many points the trace has whose forms' memory is measured; 0 measures none")
	rounds := flag.Int("rounds", 3, "how often the page is opened; medians are printed")
	flag.Parse()
	if err := run(os.Stdout, *points, *memory, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, points, memory, rounds int) (err error) {
	folder, err := os.MkdirTemp("", "sonde-page")
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(folder)) }()
	sonde, err := command.Build(folder)
	if err != nil {
		return err
	}
	page := filepath.Join(folder, "page.html")
	if err := write(folder, sonde, page, points); err != nil {
		return err
	}
	measures, err := opened(page, rounds)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The page of %d points, median of %d\n", points, rounds)
	for _, m := range measures {
		fmt.Fprintf(out, "  %-42s %10s\n", m.what, m)
	}
	if memory == 0 {
		return nil
	}
	fmt.Fprintf(out, "\nThe forms of %d points, each by a command of its own\n", memory)
	return forms(out, folder, sonde, memory)
}

// write writes the page of a trace.
func write(folder, sonde, page string, points int) error {
	trace := filepath.Join(folder, "page.jsonl")
	if err := job.Write(trace, points); err != nil {
		return err
	}
	_, err := command.Run(nil, sonde, show(trace, "html", "--out", page)...)
	return err
}

func show(trace, form string, more ...string) []string {
	return append([]string{"trace", "show", job.Trace.String(), "--connection-string", "file://" + trace, "--format", form}, more...)
}

// forms measures the command that writes each form.
func forms(out io.Writer, folder, sonde string, points int) error {
	trace := filepath.Join(folder, "forms.jsonl")
	if err := job.Write(trace, points); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "  form\twritten\tmost resident\tCPU\t")
	for _, form := range []string{"text", "html", "perfetto", "speedscope", "otlp", "csv"} {
		var n written
		u, err := command.Run(&n, sonde, show(trace, form)...)
		if err != nil {
			return fmt.Errorf("%s: %w", form, err)
		}
		if n == 0 {
			return errors.New(form + ": nothing was written")
		}
		fmt.Fprintf(table, "  %s\t%.0f kB\t%d MB\t%.1f s\t\n", form, float64(n)/1e3, u.Memory/1e6, u.CPU.Seconds())
	}
	return table.Flush()
}

// written counts bytes.
type written int64

func (n *written) Write(p []byte) (int, error) {
	*n += written(len(p))
	return len(p), nil
}
