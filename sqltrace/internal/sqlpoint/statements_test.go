package sqlpoint

import (
	"testing"

	"github.com/sonde-go/sonde/internal/recent"
	"github.com/sonde-go/sonde/internal/sqltext"
)

// FuzzStatements: what is recorded about a statement is the same whether it is new or
// known, and whatever came in between.
func FuzzStatements(f *testing.F) {
	f.Add("SELECT 1", "SELECT 2", false, false)
	f.Add("SELECT 'secret'", "SELECT ?", true, false)
	f.Add("ALTER USER a PASSWORD \"x\"", "ALTER USER a PASSWORD \"y\"", false, true)
	f.Add("\xff'", "", true, true)
	f.Fuzz(func(t *testing.T, one, two string, literals, mysql bool) {
		s := &Statements{Literals: literals}
		if mysql {
			s.Dialect = sqltext.MySQL
		}
		for range 3 {
			for _, text := range []string{one, two} {
				if got, want := *s.of(text), s.read(recent.Hash(text), text); got != want {
					t.Fatalf("%q: %+v, want %+v", text, got, want)
				}
			}
		}
	})
}
