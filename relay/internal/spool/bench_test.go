package spool

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkPublish is what one publication of so many messages of 1 KiB takes under
// SyncAlways.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 16, 64, 256, 500} {
		b.Run(fmt.Sprintf("messages=%d", n), func(b *testing.B) {
			s, err := Open(b.Context(), Config{Dir: b.TempDir(), MaxBytes: 64 << 30, Patience: time.Minute})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			all := batches(0, n)
			k := 0
			for b.Loop() {
				for i := range all {
					k++
					all[i].ID, all[i].Text = fmt.Sprintf("p-%d", k), []byte(strings.Repeat("x", 1<<10))
				}
				for _, r := range s.Publish(b.Context(), all) {
					if r.Err != nil {
						b.Fatal(r.Err)
					}
				}
			}
		})
	}
}
