package partition

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// TestShare: each partition has one collector, all have as many, and few move when one
// comes or goes.
func TestShare(t *testing.T) {
	names := []string{"a"}
	var before []string
	for n := 1; n <= 16; n++ {
		owner := make([]string, spool.Partitions)
		for _, name := range names {
			mine := share(names, name)
			if most := (spool.Partitions + n - 1) / n; len(mine) > most {
				t.Errorf("%d collectors: %s has %d partitions", n, name, len(mine))
			}
			for _, p := range mine {
				if owner[p] != "" {
					t.Fatalf("%d collectors: partition %d has two", n, p)
				}
				owner[p] = name
			}
		}
		if i := slices.Index(owner, ""); i >= 0 {
			t.Fatalf("%d collectors: partition %d has none", n, i)
		}
		moved := 0
		for p := range before {
			if before[p] != owner[p] {
				moved++
			}
		}
		if most := 2*spool.Partitions/n + 8; moved > most {
			t.Errorf("%d partitions move when collector %d comes, want %d at most", moved, n, most)
		}
		before = owner
		names = append(names, fmt.Sprint("collector-", n))
		slices.Sort(names)
	}
	for len(names) < 2*spool.Partitions { // more than there are partitions
		names = append(names, fmt.Sprint("more-", len(names)))
	}
	slices.Sort(names)
	total := 0
	for _, name := range names {
		total += len(share(names, name))
	}
	if total != spool.Partitions {
		t.Errorf("%d collectors share %d partitions", len(names), total)
	}
	if share([]string{"a", "b"}, "c") != nil {
		t.Error("one that is not heard has a share")
	}
}
