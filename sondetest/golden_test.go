package sondetest_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sondetest"
)

func TestGolden(t *testing.T) {
	db := openDB(t, 3, true)
	page := func(order ...int) func(context.Context) {
		return func(ctx context.Context) {
			ctx, p := profiler.Start(ctx, "page")
			defer p.Stop()
			for _, id := range ids(ctx, t, db) {
				ask(ctx, t, db, order[id-1])
			}
			ids(ctx, t, db)
		}
	}
	file := filepath.Join(t.TempDir(), "new", "page.golden")
	golden := func(run func(context.Context)) func(testing.TB) {
		return func(t testing.TB) { sondetest.Profile(t, run).Golden(file) }
	}
	fails(t, golden(page(1, 2, 3)), "there is no "+file, "SONDETEST_UPDATE=1", "█")

	t.Setenv("SONDETEST_UPDATE", "1")
	fails(t, golden(page(1, 2, 3)))
	t.Setenv("SONDETEST_UPDATE", "")
	const want = `page
  db SELECT id FROM products
  db SELECT name FROM products WHERE id = ? ×3
  db SELECT id FROM products
`
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Fatalf("%s %v", got, err)
	}

	fails(t, golden(page(3, 3, 3))) // other arguments, the same counts and order
	db.SetMaxIdleConns(0)           // each query makes a connection
	fails(t, func(u testing.TB) {
		p := sondetest.Profile(u, page(1, 2, 3))
		if all := names(p); !slices.Contains(all, "db_connect") {
			u.Errorf("no connection was made: %q", all)
		}
		p.MaxQueries(5)
		p.MaxCalls(layer.SQL, 5)
		p.Golden(file)
	})
	db.SetMaxIdleConns(2)
	fails(t, golden(func(ctx context.Context) { page(1, 2, 3)(ctx); ask(ctx, t, db, 1) }),
		"not what "+file+" says", "\n    db SELECT id FROM products\n+ db SELECT name FROM products WHERE id = ?\n\n")
	fails(t, golden(func(ctx context.Context) {
		ctx, p := profiler.Start(ctx, "page")
		defer p.Stop()
		ids(ctx, t, db)
		ids(ctx, t, db)
	}), "  page\n-   db SELECT id FROM products\n-   db SELECT name FROM products WHERE id = ? ×3\n-   db SELECT id FROM products\n+   db SELECT id FROM products ×2\n\n")
}

var _ = flag.Bool("update", false, "write the golden files anew, as many tests have it")

// A flag -update of the test's own counts as well.
func TestUpdateFlag(t *testing.T) {
	file := filepath.Join(t.TempDir(), "golden")
	golden := func(u testing.TB) {
		sondetest.Profile(u, func(ctx context.Context) { call(ctx, "a").Stop() }).Golden(file)
	}
	t.Cleanup(func() { _ = flag.Set("update", "false") })
	for _, value := range []string{"false", "true", "false"} {
		if err := flag.Set("update", value); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil && value == "false" {
			fails(t, golden, "there is no "+file)
			continue
		}
		fails(t, golden)
	}
}

// Siblings that run at once are the same whichever is first.
func TestGoldenUnordered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "golden")
	run := func(order ...string) func(testing.TB) {
		return func(u testing.TB) {
			p := sondetest.Profile(u, func(ctx context.Context) {
				var all sync.WaitGroup
				for _, name := range order {
					p := call(ctx, name)
					all.Add(1)
					go func() {
						defer all.Done()
						p.Stop()
					}()
				}
				all.Wait()
			})
			p.GoldenUnordered(file)
		}
	}
	t.Setenv("SONDETEST_UPDATE", "1")
	fails(t, run("a", "b", "a"))
	t.Setenv("SONDETEST_UPDATE", "")
	if got, err := os.ReadFile(file); err != nil || string(got) != "a GET ×2\nb GET\n" {
		t.Fatalf("%s %v", got, err)
	}
	fails(t, run("b", "a", "a"))
	fails(t, run("b", "b", "a"), "- a GET ×2\n- b GET\n+ a GET\n+ b GET ×2\n\n")
}
