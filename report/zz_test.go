package report_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

func BenchmarkZ(b *testing.B) {
	data, err := os.ReadFile("/tmp/t100k.jsonl")
	if err != nil {
		b.Skip()
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	var recs []record.Record
	var p record.Parser
	for _, l := range lines {
		r, err := p.Parse(l)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := r.Known(); !ok {
			b.Fatalf("%s", l)
		}
		recs = append(recs, r)
	}
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			var p record.Parser
			for _, l := range lines {
				p.Parse(l)
			}
		}
		perRecord(b, lines)
	})
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			report.Build(func(yield func(record.Record, error) bool) {
				for i := range recs {
					if !yield(recs[i], nil) {
						return
					}
				}
			})
		}
		perRecord(b, lines)
	})
}
