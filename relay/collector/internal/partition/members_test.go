package partition

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

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

// TestDifferences: collectors with other rules are named while they are heard; what one of
// two does not know makes no difference.
func TestDifferences(t *testing.T) {
	m := newMembers(nil, alive{Name: "self", At: "here", Rules: map[string]string{"quiet": "10s", "stress": "1%"}}, time.Minute)
	m.hear(m.self)
	for name, rules := range map[string]map[string]string{
		"same": {"quiet": "10s", "stress": "1%"}, "older": nil, "newer": {"quiet": "10s", "stress": "1%", "more": "7"},
		"other": {"stress": "2%", "quiet": "20s"}, "another": {"stress": "2%", "quiet": "10s"},
	} {
		m.hear(alive{Name: name, At: "at " + name, Rules: rules})
	}
	want := []Difference{{"at another", []string{"stress: 2% there, 1% here"}}, {"at other", []string{"quiet: 20s there, 10s here", "stress: 2% there, 1% here"}}}
	if got := m.differences(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	m.hear(alive{Name: "other", Leaving: true})
	if got := m.differences(); !reflect.DeepEqual(got, want[:1]) {
		t.Errorf("%+v, want %+v", got, want[:1])
	}
}
