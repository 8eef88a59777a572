package sondetest_test

import (
	"context"
	"database/sql"
	"log/slog"

	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sondetest"
)

func TestAssertions(t *testing.T) {
	db, bare := openDB(t, 3, true), openDB(t, 3, false)
	asked := func(list ...int) func(context.Context, testing.TB) {
		return func(ctx context.Context, t testing.TB) {
			for _, id := range list {
				ask(ctx, t, db, id)
			}
		}
	}
	apart := func(list ...int) func(context.Context, testing.TB) { // below a point each
		return func(ctx context.Context, t testing.TB) {
			for _, id := range list {
				ctx, p := profiler.Start(ctx, "product")
				ask(ctx, t, db, id)
				p.Stop()
			}
		}
	}
	transaction := func(ctx context.Context, t testing.TB) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(ctx, `UPDATE products SET name = 'x' WHERE id = 1`); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	prepared := func(ctx context.Context, t testing.TB) {
		st, err := db.PrepareContext(ctx, byID)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		var name string
		if err := st.QueryRowContext(ctx, 1).Scan(&name); err != nil {
			t.Fatal(err)
		}
	}
	unseen := func(ctx context.Context, t testing.TB) { // the handler is seen, its database is not
		ctx, p := profiler.Open(ctx, profiler.Opening{Name: "http", Layer: layer.HTTPServer}, methodGET)
		defer p.Stop()
		ask(ctx, t, bare, 1)
		ask(ctx, t, bare, 2)
	}
	literals := func(ctx context.Context, t testing.TB) {
		for _, q := range []string{`SELECT 1 FROM products WHERE id = 1`, `SELECT 1 FROM products WHERE id = 2`} {
			var n int
			if err := db.QueryRowContext(ctx, q).Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := func(ctx context.Context, t testing.TB) { // without arguments
		for range 2 {
			ctx, p := profiler.Start(ctx, "list")
			ids(ctx, t, db)
			p.Stop()
		}
	}
	writes := func(ctx context.Context, t testing.TB) {
		for range 2 {
			ctx, p := profiler.Start(ctx, "count")
			if _, err := db.ExecContext(ctx, `UPDATE products SET name = name || '.' WHERE id = ?`, 1); err != nil {
				t.Fatal(err)
			}
			p.Stop()
		}
	}
	custom := func(ctx context.Context, t testing.TB) { // another instrumentation, which says nothing of arguments
		for range 2 {
			_, p := profiler.Open(ctx, profiler.Opening{Name: "db", Layer: layer.SQL}, slog.String("statement", "SELECT 1 WHERE ? = 1"))
			p.Stop()
		}
	}
	most := func(n int) func(*sondetest.Trace) { return func(p *sondetest.Trace) { p.MaxQueries(n) } }
	none := (*sondetest.Trace).NoRepeatedQueries
	for name, c := range map[string]struct {
		run    func(context.Context, testing.TB)
		assert func(*sondetest.Trace)
		texts  []string
	}{
		"as many as allowed":        {asked(1, 2), most(2), nil},
		"too many":                  {asked(1, 2, 3), most(2), []string{"3 calls of the database, want at most 2", "×3  db " + byID, "█"}},
		"none where none may be":    {unseen, most(0), nil},
		"none where some may be":    {unseen, most(9), []string{"no call of the database was seen", "sqltrace"}},
		"too many of a layer":       {asked(1, 2), func(p *sondetest.Trace) { p.MaxCalls(layer.SQL, 1) }, []string{"2 calls of the database"}},
		"a transaction":             {transaction, most(1), nil},
		"prepared":                  {prepared, most(1), nil},
		"prepared, not repeated":    {prepared, none, nil},
		"once each":                 {asked(1), none, nil},
		"N+1":                       {asked(1, 2, 3), none, []string{"repeated ×3, each with other arguments (N+1), below test: db " + byID}},
		"redundant":                 {asked(2, 2), none, []string{"repeated ×2, redundant, since the arguments are the same, below test: db " + byID}},
		"some of both":              {asked(1, 2, 2), none, []string{"repeated ×3, 2 of them different, below test: db " + byID}},
		"literals":                  {literals, none, []string{"repeated ×2, each with other arguments (N+1), below test: db SELECT ? FROM products WHERE id = ?"}},
		"different, apart":          {apart(1, 2), none, nil},
		"the same, apart":           {apart(1, 2, 1), none, []string{"repeated ×2, redundant, since the arguments are the same: db " + byID}},
		"the same without any":      {all, none, []string{"repeated ×2, redundant, since the arguments are the same: db SELECT id FROM products"}},
		"writes, apart":             {writes, none, nil},
		"unknown arguments":         {custom, none, []string{"repeated ×2, with unknown arguments, below test: db SELECT ? WHERE ? = ?"}},
		"repeated, none to see":     {unseen, none, []string{"no call of the database was seen"}},
		"two assertions, one trace": {asked(1, 1), func(p *sondetest.Trace) { p.MaxQueries(2); p.NoRepeatedQueries() }, []string{"redundant"}},
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, func(u testing.TB) {
				c.assert(sondetest.Profile(u, func(ctx context.Context) { c.run(ctx, u) }))
			}, c.texts...)
		})
	}
}

// The waterfall stands with the first failure of a profile only.
func TestWaterfallOnce(t *testing.T) {
	db := openDB(t, 1, true)
	got := failures(t, func(u testing.TB) {
		p := sondetest.Profile(u, func(ctx context.Context) {
			ask(ctx, u, db, 1)
			ask(ctx, u, db, 1)
		})
		p.MaxQueries(1)
		p.NoRepeatedQueries()
	})
	if len(got) != 2 || !strings.Contains(got[0], "critical") && !strings.Contains(got[0], "█") || strings.Contains(got[1], "█") {
		t.Errorf("%q", got)
	}
}

// A database that is hostile to terminals.
func TestHostileStatement(t *testing.T) {
	db := openDB(t, 1, true)
	got := failures(t, func(u testing.TB) {
		p := sondetest.Profile(u, func(ctx context.Context) {
			for range 2 {
				rows, err := db.QueryContext(ctx, "SELECT name AS \"\x1b[31m\u202e\" FROM products")
				if err != nil {
					u.Fatal(err)
				}
				for rows.Next() {
					_ = rows.Scan(new(sql.RawBytes))
				}
				if err := rows.Close(); err != nil {
					u.Fatal(err)
				}
			}
		})
		p.NoRepeatedQueries()
	})
	if len(got) != 1 || strings.ContainsAny(got[0], "\x1b\u202e") {
		t.Errorf("%q", got)
	}
}
