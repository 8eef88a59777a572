package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// nowhere acknowledges all that it is given.
type nowhere struct{}

func (nowhere) Publish(_ context.Context, b []spool.Batch) []spool.Result {
	return make([]spool.Result, len(b))
}

// cpu is what this process has computed, in user space and in the kernel: unlike the
// clock it does not count what other processes do.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perCore reports the records of each second that a core has computed.
func perCore(b *testing.B, records int, f func()) {
	before := cpu()
	began := time.Now()
	f()
	b.ReportMetric(float64(records*b.N)/(cpu()-before).Seconds(), "records/s/core")
	b.ReportMetric(float64(records*b.N)/time.Since(began).Seconds(), "records/s")
	b.ReportMetric(0, "ns/op")
}

const perPost = 512

// typical are records of some 320 bytes of some traces in turn.
func typical(n, traces int) []byte {
	text := strings.ReplaceAll(lines(n, traces, 0), `"SELECT name, price FROM items WHERE shop = $1 ORDER BY price","params":null`, `""`)
	return []byte(text)
}

// BenchmarkSplit is what the records themselves cost: checked and sorted by trace.
func BenchmarkSplit(b *testing.B) {
	for _, traces := range []int{1, 16} {
		b.Run(fmt.Sprintf("traces=%d", traces), func(b *testing.B) {
			body := typical(perPost, traces)
			budget := budget{most: 32 << 20}
			var s splitter
			var batches []spool.Batch
			perCore(b, perPost, func() {
				for range b.N {
					h := held{budget: &budget}
					var err error
					if batches, err = s.split(body, &h, batches[:0]); err != nil || s.refused > 0 {
						b.Fatal(err)
					}
					h.free()
				}
			})
		})
	}
}

// BenchmarkIntake is everything but the spool.
func BenchmarkIntake(b *testing.B) {
	benchmarkPosts(b, nil, 16, perPost)
}

// BenchmarkSpool is everything, by sync policy, by how many senders wait, and by the
// records of a post.
func BenchmarkSpool(b *testing.B) {
	for _, sync := range []time.Duration{100 * time.Millisecond, spool.SyncAlways} {
		name := "always"
		if sync > 0 {
			name = sync.String()
		}
		for _, senders := range []int{1, 16} {
			for _, records := range []int{1, 16, 128, 512} {
				b.Run(fmt.Sprintf("sync=%s/senders=%d/records=%d", name, senders, records), func(b *testing.B) {
					benchmarkPosts(b, &Config{Sync: sync}, senders, records)
				})
			}
		}
	}
}

// BenchmarkDisk is how often the disk syncs a file that grows by a post.
func BenchmarkDisk(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	text := typical(perPost, 1)
	began := time.Now()
	for range b.N {
		if _, err := f.Write(text); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "syncs/s")
	b.ReportMetric(0, "ns/op")
}

// benchmarkPosts posts from some senders at once, which are in a process of their own,
// so that their work is not the agent's. Without a config there is no spool behind the
// intake.
func benchmarkPosts(b *testing.B, c *Config, senders, records int) {
	path := socket(b)
	to := c == nil
	if to {
		c = &Config{}
	}
	c.Listen, c.DataDir, c.MaxBytes = []string{"unix://" + path}, b.TempDir(), 64<<30
	c.Log = slog.New(slog.DiscardHandler)
	a, err := newAgent(context.Background(), *c, noDrain)
	if err != nil {
		b.Fatal(err)
	}
	if to {
		a.committer.close()
		a.committer = newCommitter(nowhere{})
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	defer func() {
		cancel()
		<-done
	}()
	start, ended := startSenders(b, path, senders, records)
	perCore(b, records, func() {
		fmt.Fprintln(start, b.N)
		if err := ended(); err != nil {
			b.Error(err)
		}
	})
}
