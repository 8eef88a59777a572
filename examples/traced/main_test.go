package traced

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/profiler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAllocUntraced: without a trace a wrapped call allocates no more than a bare one.
func TestAllocUntraced(t *testing.T) {
	shelf := Shelf{{"tea", 250}}
	repo := NewRepoTraced(shelf)
	if profiler.Active(t.Context()) {
		t.Fatal("the test is traced")
	}
	ctx := t.Context()
	n := testing.AllocsPerRun(200, func() {
		_, _ = repo.Find(ctx, "tea")
		_ = repo.LogIn(ctx, "bob", "hunter2")
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	var bare Repo = Shelf{{"tea", 250}}
	for name, repo := range map[string]Repo{"bare": bare, "wrapped": NewRepoTraced(bare)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = repo.Find(b.Context(), "tea")
			}
		})
	}
}
