package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/text"
)

// parts measures the steps of a report within this process.
func parts(out io.Writer, file string, rounds int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	records := make([]record.Record, 0, len(lines))
	for r, err := range parsed(lines) {
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	var r *report.Report
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"decode", func() error {
			for _, err := range parsed(lines) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"build, of decoded records", func() (err error) {
			r, err = report.Build(func(yield func(record.Record, error) bool) {
				for i := range records {
					if !yield(records[i], nil) {
						return
					}
				}
			})
			return err
		}},
		{"findings", func() error {
			for range findings.Find(r, findings.Options{}).Path() {
				return nil
			}
			return errors.New("no critical path")
		}},
		{"text, 200 rows", func() error { return text.Write(io.Discard, r, report.Options{MaxRows: 200}) }},
		{"text, all rows", func() error { return text.Write(io.Discard, r, report.Options{}) }},
		{"json", func() error { return document.Write(io.Discard, r, report.Options{}) }},
		{"osprofiler", func() error { return r.WriteOSProfiler(io.Discard) }},
	} {
		var cpu time.Duration
		var allocated uint64
		for range rounds {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := cpuTime()
			if err := step.do(); err != nil {
				return fmt.Errorf("%s: %w", step.name, err)
			}
			used := cpuTime() - began
			runtime.ReadMemStats(&after)
			if cpu == 0 || used < cpu {
				cpu, allocated = used, after.TotalAlloc-before.TotalAlloc
			}
		}
		n := int64(len(lines))
		fmt.Fprintf(out, "  %-26s %6d ns  %5d bytes allocated, a record\n", step.name, cpu.Nanoseconds()/n, int64(allocated)/n)
	}
	return nil
}

func parsed(lines [][]byte) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		var p record.Parser
		for _, line := range lines {
			if !yield(p.Parse(line)) {
				return
			}
		}
	}
}

// cpuTime is what the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
