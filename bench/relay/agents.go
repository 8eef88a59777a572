package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

const (
	interval = 100 * time.Millisecond
	senders  = 16
	kind     = "application/x-ndjson"
)

// row prints a figure: what a core would do, of what.
func row(what string, perCore float64, unit, note string) {
	fmt.Printf("%-58s %12s %s%s\n", what, thousands(perCore), unit, note)
}

func thousands(f float64) string {
	text := strconv.FormatInt(int64(f+0.5), 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// intake has the agent's own benchmark measure the agent without a spool, which no
// configuration has.
func (b *bench) intake(ctx context.Context) error {
	fmt.Println("\nAgent: posts over a unix socket, records/s/core")
	cmd := exec.CommandContext(ctx, "go", "test", "./relay/agent", "-run", "^$", "-bench", "^BenchmarkIntake$",
		"-benchtime", fmt.Sprint(b.posts, "x"), "-count", fmt.Sprint(b.rounds))
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOWORK=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	var all []float64
	for _, m := range regexp.MustCompile(`([0-9.]+) records/s/core`).FindAllSubmatch(out, -1) {
		f, _ := strconv.ParseFloat(string(m[1]), 64)
		all = append(all, f)
	}
	row("checked, sorted and answered, without a spool", median(all), "", "   (goal 1,000,000)")
	return nil
}

// agentAt starts an agent and has it full of what it reads ahead for a store that does
// not answer, so that from then on only what it takes is measured.
func (b *bench) agentAt(listen string, sync time.Duration, store string) (*process, target, error) {
	if listen == "" {
		listen = "unix://" + b.folder() + ".sock"
	}
	p, err := start(role{Role: "agent", Dir: b.folder(), Listen: listen, Sync: sync, MaxBytes: 40 << 30, Store: store})
	if err != nil {
		return nil, target{}, err
	}
	to := at(p.said)
	if err := to.all(senders, 400, post("/v1/events", kind, records(perPost, 1))); err != nil {
		p.stop()
		return nil, target{}, err
	}
	time.Sleep(time.Second) // until it has read ahead
	return p, to, nil
}

// each measures the CPU of a process in each round, per record.
func (b *bench) each(p *process, records int, round func() error) (perCore float64, err error) {
	var all []float64
	for range b.rounds {
		before := p.cpu()
		if err := round(); err != nil {
			return 0, err
		}
		all = append(all, float64(records)/(p.cpu()-before).Seconds())
	}
	return median(all), nil
}

// spool measures an agent that syncs now and then.
func (b *bench) spool(context.Context) error {
	for _, c := range []struct {
		what, listen, store, note string
		traces                    int
	}{
		{"into the spool, synced every 100ms", "", "blocked", "   (goal 400,000)", 1},
		{"the same, posts of 16 traces each", "", "blocked", "", 16},
		{"the same, one trace, over TCP", "tcp://127.0.0.1:0", "blocked", "", 1},
		{"into the spool and from there to a null store", "", "null", "", 1},
	} {
		p, to, err := b.agentAt(c.listen, interval, c.store)
		if err != nil {
			return err
		}
		request := post("/v1/events", kind, records(perPost, c.traces))
		perCore, err := b.each(p, b.posts*perPost, func() error {
			err := to.all(senders, b.posts, request)
			if c.store == "null" {
				err = errors.Join(err, to.emptied())
			}
			return err
		})
		p.stop()
		if err != nil {
			return err
		}
		row(c.what, perCore, "", c.note)
	}
	return nil
}

// always measures an agent that syncs before each answer: it waits for the disk, so the
// clock matters, and is told beside the syncs that the disk does at the same time.
func (b *bench) always(context.Context) error {
	fmt.Println("\nAgent, synced before each answer: by the clock, and beside it the disk's own rate just before")
	fmt.Printf("%8s %13s %14s %14s %14s %16s\n", "senders", "records/post", "posts/s", "records/s", "disk syncs/s", "records/s/core")
	p, to, err := b.agentAt("", 0, "blocked")
	if err != nil {
		return err
	}
	defer p.stop()
	for _, n := range []int{1, 16, 64} {
		for _, size := range []int{1, 16, 128, perPost} {
			body := records(size, 1)
			request := post("/v1/events", kind, body)
			var posts, perCore, disk []float64
			for range b.rounds {
				syncs, err := syncRate(b.folder(), body)
				if err != nil {
					return err
				}
				count := min(n, 4) * max(int(syncs/4), 20)
				before, began := p.cpu(), time.Now()
				if err := to.all(n, count, request); err != nil {
					return err
				}
				posts = append(posts, float64(count)/time.Since(began).Seconds())
				disk = append(disk, syncs)
				if used := p.cpu() - before; used > 0 {
					perCore = append(perCore, float64(count*size)/used.Seconds())
				}
			}
			m := median(posts)
			fmt.Printf("%8d %13d %14s %14s %14s %16s\n", n, size, thousands(m), thousands(m*float64(size)), thousands(median(disk)), thousands(median(perCore)))
		}
	}
	return nil
}

// syncRate is how often a second the disk syncs a file that grows by a post.
func syncRate(path string, body []byte) (float64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer os.Remove(path)
	defer f.Close()
	began, n := time.Now(), 0
	for time.Since(began) < 300*time.Millisecond {
		if _, err := f.Write(body); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
