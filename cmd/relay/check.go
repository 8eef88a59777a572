package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/collector"
	"github.com/sonde-go/sonde/relay/transform"
)

type collectorCheck struct {
	Transform string `arg:"" optional:"" help:"File of rules that change records." type:"path"`
	Record    string `help:"File with the records to try, one JSON object a line, - for standard input. Default: a made-up one." placeholder:"FILE"`
	Tail      string `help:"File of rules of tail sampling, which is only read." placeholder:"FILE" type:"path"`
}

// Help teaches the command.
func (*collectorCheck) Help() string {
	return `Reads files of rules and says what is wrong, with lines. Shows what the rules that change records do
to one: which had an effect, and the record after them. Nothing is written anywhere.

Examples:

  sonde collector check rules.yaml
  sonde collector check rules.yaml --record records.jsonl
  sonde collector check --tail tail.yaml`
}

// sample is the record that rules are tried on if there is no other.
const sample = `{"name":"db-start","base_id":"5a3e3b1c-7f0d-4e0e-9a52-3b7f9c1d2e4f","trace_id":"11111111-0000-4000-8000-000000000001","parent_id":"5a3e3b1c-7f0d-4e0e-9a52-3b7f9c1d2e4f","timestamp":"2026-01-02T03:04:05.000006","info":{"db":{"statement":"SELECT * FROM users WHERE mail = $1","params":["ann@shop.example","4111111111111111"]},"user":{"password":"secret","token":"t0ken"},"host":"host-a"},"project":"shop","service":"cart"}`

// Run is called by the command line.
func (c *collectorCheck) Run(ctx context.Context) error { return c.run(ctx, os.Stdin, os.Stdout) }

func (c *collectorCheck) run(ctx context.Context, in io.Reader, out io.Writer) error {
	if c.Transform == "" && c.Tail == "" {
		return errors.New("nothing to check: give a file of rules, or --tail FILE")
	}
	if c.Tail != "" {
		if err := collector.CheckTail(c.Tail); err != nil {
			return err
		}
		fmt.Fprintln(out, terminal.Clean(c.Tail+": the rules of tail sampling can be read"))
	}
	if c.Transform == "" {
		return nil
	}
	rules, err := transform.Load(c.Transform)
	if err != nil {
		return err
	}
	count := "1 rule"
	if n := rules.Len(); n != 1 {
		count = fmt.Sprintf("%d rules", n)
	}
	fmt.Fprintf(out, "%s: %s\n", terminal.Clean(c.Transform), count)
	switch c.Record {
	case "":
		in = bytes.NewReader([]byte(sample))
	case "-":
	default:
		f, err := os.Open(c.Record)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return try(ctx, rules, in, out)
}

// try shows what rules do to each record.
func try(ctx context.Context, rules *transform.Rules, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		e, err := new(record.Decoder).Event(bytes.Clone(lines.Bytes()))
		if err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		fmt.Fprintf(out, "\nbefore  %s\n", terminal.Clean(string(e.JSON())))
		steps, keep := rules.Explain(&e)
		for _, s := range steps {
			fmt.Fprintf(out, "line %d %s\n", s.Line, s.What)
		}
		switch {
		case len(steps) == 0:
			fmt.Fprintln(out, "no rule has an effect")
		case keep:
			fmt.Fprintf(out, "after   %s\n", terminal.Clean(string(e.JSON())))
		}
	}
	return lines.Err()
}
