package nplus1

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/sondetest"
	"github.com/sonde-go/sonde/sqltrace"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// putBack names the variable of the environment that puts the trouble back.
const putBack = "NPLUS1"

// openShop is a shop with a database of its own, opened with sqltrace.
func openShop(t *testing.T) *shop {
	t.Helper()
	db, err := sqltrace.Open("sqlite", filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &shop{db: sqlx.NewDb(db, "sqlite"), oneByOne: os.Getenv(putBack) == "1"}
	s.db.MustExec(schema)
	return s
}

// fill puts n products into the cart, and nothing else.
func (s *shop) fill(n int) {
	s.db.MustExec(`DELETE FROM items`)
	s.db.MustExec(`DELETE FROM products`)
	for id := 1; id <= n; id++ {
		s.db.MustExec(`INSERT INTO products VALUES (?, ?, 250)`, id, fmt.Sprint("product ", id))
		s.db.MustExec(`INSERT INTO items VALUES (1, ?, 1)`, id)
	}
}

// TestCart asks the handler for a cart of two and of three products: the number of
// queries must not grow with it.
func TestCart(t *testing.T) {
	s := openShop(t)
	rec := sondetest.New(t)
	h := sondehttp.Handler(rec.Service("cart"), s.handler())
	get := func(ctx context.Context) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, sondetest.Request(ctx, "GET", "/carts/1", nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "product 2") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	rec.Scale(s.fill, get).Constant()
}

// TestCartQueries looks at one profile instead.
func TestCartQueries(t *testing.T) {
	s := openShop(t)
	s.fill(3)
	p := sondetest.Profile(t, func(ctx context.Context) {
		if _, err := s.cart(ctx, "1"); err != nil {
			t.Fatal(err)
		}
	})
	p.NoRepeatedQueries()
	p.MaxQueries(2)
	p.Golden("testdata/cart.golden")
}

// TestFails runs the tests above with the trouble put back: each has to fail, and
// to say why.
func TestFails(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"TestCart": {
			"×2 with 2 rows and ×3 with 3, want at most ×2: db SELECT id, name, price FROM products WHERE id = ?",
		},
		"TestCartQueries": {
			"repeated ×3, each with other arguments (N+1), below test: db SELECT id, name, price FROM products WHERE id = ?",
			"4 calls of the database, want at most 2",
			"+ db SELECT id, name, price FROM products WHERE id = ? ×3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+name+"$")
			cmd.Env = append(os.Environ(), putBack+"=1", "SONDETEST_UPDATE=")
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Fatalf("with the trouble put back: %v\n%s", err, out)
			}
			for _, text := range append(want, "--- FAIL: "+name) {
				if !strings.Contains(string(out), text) {
					t.Errorf("the failure has no %q:\n%s", text, out)
				}
			}
		})
	}
}
