package sqltext

import (
	"slices"
	"strings"
	"testing"
)

func TestWithoutLiterals(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"SELECT  a,\n\tb FROM t;", "SELECT  a,\n\tb FROM t;"},
		{"ALTER USER bob PASSWORD 'secret'", "ALTER USER bob PASSWORD ?"},
		{"WHERE a IN (1, 2,  'secret') AND b = $1", "WHERE a IN (?, ?,  ?) AND b = $1"},
		{"VALUES (1, ?), (2, ?7), (-3, :name), (4, @p1)", "VALUES (?, ?), (?, ?7), (?, :name), (?, @p1)"},
		{"SELECT a/* secret */FROM t", "SELECT a FROM t"},
		{"SELECT a /* secret */ FROM t", "SELECT a  FROM t"},
		{"SELECT f(/* secret */)", "SELECT f()"},
		{"SELECT a -- secret\nFROM t", "SELECT a \nFROM t"},
		{"SELECT $$secret$$, $a$secret$a$, E'\\'secret'", "SELECT ?, ?, E?"},
		{`SELECT 'C:\', 'secret'`, "SELECT ?…"},
		{`SELECT "name", x'00ff', 1.5e-3`, `SELECT "name", x?, ?`},
		{"SELECT '" + strings.Repeat("x", MaxInput) + "'", "SELECT ?…"},
		{strings.Repeat("a ", MaxInput), strings.Repeat("a ", MaxInput/2) + "…"},
	} {
		if got := WithoutLiterals(test.in, Standard); got != test.want {
			t.Errorf("%.100q\n got  %.100q\n want %.100q", test.in, got, test.want)
		}
	}
	if got := WithoutLiterals(`SELECT "secret" # secret`, MySQL); got != "SELECT ? \n" {
		t.Errorf("MySQL: %q", got)
	}
}

func TestLiterals(t *testing.T) {
	got := Literals(`SELECT 'it''s', -1.5, $$ a $$, E'\'', "name", $1, x'00', 'no end`, Standard)
	if want := []string{"it''s", "1.5", " a ", `\'`, "00", "no end"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Literals(`SELECT "a", 'C:\', 'b`, Standard); !slices.Equal(got, []string{`C:\', 'b`}) {
		t.Errorf("%q", got)
	}
}

// FuzzWithoutLiterals: nothing of a literal is left, and the fingerprint is that
// of the statement itself.
func FuzzWithoutLiterals(f *testing.F) {
	for _, s := range []string{"a", "it''s", `C:\`, "$$", "/*", "--", "\x00", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > MaxInput/4 {
			return
		}
		for _, d := range []Dialect{Standard, MySQL} {
			WithoutLiterals(s, d)
			Literals(s, d)
			literal := "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) + "'"
			in := "WHERE a =  " + literal + " AND b = $1"
			got := WithoutLiterals(in, d)
			if got != "WHERE a =  ? AND b = $1" && got != "WHERE a =  ?…" {
				t.Errorf("the literal %s shows: %q", literal, got)
			}
			if !strings.HasSuffix(got, more) && Fingerprint(got, d) != Fingerprint(in, d) {
				t.Errorf("%q has the fingerprint %q", got, Fingerprint(got, d))
			}
		}
	})
}
