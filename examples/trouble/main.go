// The command trouble makes the troubles that a trace should name, each on
// demand and through real parts of the kit: net/http, gRPC, SQLite behind
// database/sql, and NATS. It prints the report of each.
//
//	go run ./examples/trouble -list
//	go run ./examples/trouble -run nplus1_grpc
//	go run ./examples/trouble -keep DIR
//
// Nothing but Go is needed: every server runs inside of this program, on a free
// loopback port. All services are profilers of this one process and claim to
// run on hosts of their own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
)

func main() {
	var z size
	flag.IntVar(&z.repeats, "repeats", 100, "how often a call in a loop is made")
	flag.IntVar(&z.points, "points", 5000, "how many points the one failure is among")
	flag.DurationVar(&z.brief, "brief", time.Millisecond, "how long a row of a healthy table takes")
	flag.DurationVar(&z.slow, "slow", 400*time.Millisecond, "how long what is slow takes")
	flag.DurationVar(&z.behind, "behind", 3*time.Second, "how far the wrong clock is behind")
	flag.Uint64Var(&z.seed, "seed", rand.Uint64(), "what is drawn by lot follows from this `number`")
	list := flag.Bool("list", false, "say what there is, and make none")
	run := flag.String("run", "", "make the one trouble of this `name`")
	keep := flag.String("keep", "", "write the records of each trace to NAME.ndjson in this `folder`, or with -run to this file; \"sonde trace show FILE\" reads them")
	width := flag.Int("width", 80, "`columns` of the reports")
	flag.Parse()
	if z.repeats < 1 || z.points < 2 {
		fail(errors.New("-repeats is at least 1 and -points at least 2"))
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	chosen := troubles
	if *run != "" {
		t, err := byName(*run)
		if err != nil {
			fail(err)
		}
		chosen = []trouble{t}
	}
	if *list {
		for _, t := range chosen {
			fmt.Printf("%-16s %s\n", t.name, t.about)
		}
		return
	}
	for _, t := range chosen {
		records, planted, err := t.records(ctx, z)
		if err == nil {
			err = show(os.Stdout, t, planted, records, *width)
		}
		if err == nil && *keep != "" {
			err = keepRecords(*keep, t.name, *run != "", records)
		}
		if err != nil {
			fail(fmt.Errorf("%s: %w", t.name, err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "trouble:", err)
	os.Exit(1)
}

// show prints what was planted and the report of what came of it.
func show(out io.Writer, t trouble, planted string, records []record.Record, width int) error {
	r, err := report.Build(each(records))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "=== %s: %s\n    planted: %s\n\n", t.name, t.about, planted)
	if err := text.Write(out, r, report.Options{Width: width, MaxRows: 40, More: "-keep has them"}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out)
	return err
}

// keepRecords writes one record a line. Where one trouble was asked for, path
// may be a file.
func keepRecords(path, name string, one bool, records []record.Record) error {
	if folder, err := os.Stat(path); !one || err == nil && folder.IsDir() {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		path = filepath.Join(path, name+".ndjson")
	}
	var lines []byte
	for i := range records {
		lines = append(append(lines, records[i].Payload...), '\n')
	}
	return os.WriteFile(path, lines, 0o644)
}
