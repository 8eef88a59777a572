package report_test

import (
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// bigTrace is n stored records of points with random ids and some children
// each.
func bigTrace(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"http", "db", "grpc", "cache", "nats_publish"}
	payloads := make([][]byte, 0, n)
	add := func(name, id, parent string, micros int) {
		payloads = append(payloads, fmt.Appendf(nil,
			`{"name":"%s","base_id":"b0000000-0000-4000-8000-000000000000","trace_id":"%s","parent_id":"%s","timestamp":"%s","info":{"db":{"statement":"SELECT 1"},"host":"host-a"},"project":"shop","service":"cart"}`,
			name, id, parent, at(micros)))
	}
	clock := 0
	var grow func(parent string, depth int)
	grow = func(parent string, depth int) {
		for range 1 + random.IntN(6) {
			if len(payloads) >= n {
				return
			}
			id := fmt.Sprintf("%08x-0000-4000-8000-%012x", random.Uint32(), random.Uint64()&(1<<48-1))
			name := names[random.IntN(len(names))]
			clock += random.IntN(50)
			add(name+"-start", id, parent, clock)
			if depth < 8 {
				grow(id, depth+1)
			}
			clock += random.IntN(50)
			add(name+"-stop", id, parent, clock)
		}
	}
	for len(payloads) < n {
		grow("b0000000-0000-4000-8000-000000000000", 0)
	}
	return payloads
}

func perRecord(b *testing.B, payloads [][]byte) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(payloads)), "ns/record")
}

// BenchmarkBuild reads records and builds a report of them, in the order of
// most stores and in that of Redis. BenchmarkRead is the part that is no
// report.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		oldest := bigTrace(n)
		newest := slices.Clone(oldest)
		slices.Reverse(newest)
		for order, payloads := range map[string][][]byte{"oldest first": oldest, "newest first": newest} {
			b.Run(fmt.Sprintf("%d/%s", n, order), func(b *testing.B) {
				for b.Loop() {
					if r, err := report.Build(ofPayloads(payloads)); err != nil || r.Len() < n/2 {
						b.Fatal(err)
					}
				}
				perRecord(b, payloads)
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	payloads := bigTrace(100_000)
	var records iter.Seq2[record.Record, error] = ofPayloads(payloads)
	kept := make([]record.Record, 0, len(payloads))
	for b.Loop() {
		kept = kept[:0]
		for r := range records {
			kept = append(kept, r)
		}
	}
	perRecord(b, payloads)
}

func BenchmarkWriteOSProfiler(b *testing.B) {
	payloads := bigTrace(100_000)
	r := build(b, ofPayloads(payloads))
	for b.Loop() {
		if err := r.WriteOSProfiler(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	perRecord(b, payloads)
}
