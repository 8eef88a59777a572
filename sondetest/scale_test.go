package sondetest_test

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sondetest"
)

func TestScale(t *testing.T) {
	db, bare := openDB(t, 0, true), openDB(t, 0, false)
	cache := map[int]bool{}
	list := func(ctx context.Context, t testing.TB) { ids(ctx, t, db) }
	nPlusOne := func(ctx context.Context, t testing.TB) {
		for _, id := range ids(ctx, t, db) {
			ask(ctx, t, db, id)
		}
	}
	pairs := func(ctx context.Context, t testing.TB) {
		all := ids(ctx, t, db)
		for range all {
			for _, id := range all {
				ask(ctx, t, db, id)
			}
		}
	}
	cached := func(ctx context.Context, t testing.TB) { // what it asks for is kept from run to run
		for _, id := range ids(ctx, t, db) {
			if !cache[id] {
				ask(ctx, t, db, id)
				cache[id] = true
			}
		}
	}
	once := false
	onlyOnce := func(ctx context.Context, t testing.TB) { // a setting is read by the first run
		if !once {
			ask(ctx, t, db, 1)
			once = true
		}
		ids(ctx, t, db)
	}
	unseen := func(ctx context.Context, t testing.TB) {
		ctx, p := profiler.Open(ctx, profiler.Opening{Name: "http", Layer: layer.HTTPServer}, methodGET)
		defer p.Stop()
		for _, id := range ids(ctx, t, bare) {
			ask(ctx, t, bare, id)
		}
	}
	const idsName, askName = "db SELECT id FROM products", "db " + byID
	linear := func(slope int, names ...string) func(*sondetest.Scaled) {
		return func(s *sondetest.Scaled) { s.Linear(slope, names...) }
	}
	constant := (*sondetest.Scaled).Constant
	for name, c := range map[string]struct {
		run    func(context.Context, testing.TB)
		assert func(*sondetest.Scaled)
		texts  []string
	}{
		"constant":                 {list, constant, nil},
		"N+1":                      {nPlusOne, constant, []string{"×2 with 2 rows and ×3 with 3, want at most ×2: " + askName, "█"}},
		"N+1 behind a cache":       {cached, constant, []string{"×0 with 2 rows and ×1 with 3, want at most ×0: " + askName}},
		"once":                     {onlyOnce, constant, nil},
		"linear":                   {nPlusOne, linear(1), nil},
		"linear by name":           {nPlusOne, linear(1, askName), nil},
		"linear, another name":     {nPlusOne, linear(1, idsName), []string{"×2 with 2 rows and ×3 with 3, want at most ×2: " + askName}},
		"linear, an unknown name":  {list, linear(1, "db SELECT"), []string{`no call is named "db SELECT"; there are: ` + idsName}},
		"linear and quadratic":     {pairs, linear(1), []string{"×4 with 2 rows and ×9 with 3, want at most ×5: " + askName}},
		"the database is not seen": {unseen, constant, []string{"no query, call or message of the code was seen"}},
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, func(u testing.TB) {
				c.assert(sondetest.Scale(u, func(n int) {
					fill(u, db, n)
					fill(u, bare, n)
				}, func(ctx context.Context) { c.run(ctx, u) }))
			}, c.texts...)
		})
	}
}
