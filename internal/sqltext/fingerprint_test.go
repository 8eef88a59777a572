package sqltext

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFingerprint(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"SELECT 1", "SELECT ?"},
		{"SELECT * FROM t WHERE a = 'x' AND b = 5", "SELECT * FROM t WHERE a = ? AND b = ?"},
		{"SELECT * FROM t WHERE a = $1 AND b = ?", "SELECT * FROM t WHERE a = ? AND b = ?"},
		{"WHERE a = :name AND b = @p1 AND c = ?7", "WHERE a = ? AND b = ? AND c = ?"},
		{"SELECT a::int, @@version", "SELECT a::int, @@version"},
		{"  SELECT\n\t a ,b\r\n;  ", "SELECT a ,b"},
		{"SELECT a -- secret\nFROM t", "SELECT a FROM t"},
		{"SELECT a /* secret /* nested */ more */ FROM t", "SELECT a FROM t"},
		{"SELECT a /* no end", "SELECT a"},
		{"SELECT 'it''s', x", "SELECT ?, x"},
		{`SELECT 'C:\', 'secret'`, "SELECT ?…"},
		{`SELECT E'it\'s' , x`, "SELECT E? , x"},
		{"SELECT 'no end", "SELECT ?"},
		{`SELECT "a""b".c FROM "T"`, `SELECT "a""b".c FROM "T"`},
		{`SELECT "no end`, "SELECT ?"},
		{"SELECT `a``b` FROM t1", "SELECT `a``b` FROM t1"},
		{"SELECT 0xFF, x, 1.5e-3, y, .5, z, 1_000", "SELECT ?, x, ?, y, ?, z, ?"},
		{"SELECT t1.c2, t.5", "SELECT t1.c2, t.?"},
		{"a = -5 AND b - 5 > +.5 AND c-5", "a = ? AND b - ? > ? AND c-?"},
		{"SELECT $$it's$$, x, $fn$ body $$ $fn$", "SELECT ?, x, ?"},
		{"SELECT $no end$ x", "SELECT $no end$ x"},
		{"SELECT $a$ no end", "SELECT ?"},
		{"WHERE id IN (1)", "WHERE id IN (?)"},
		{"WHERE id IN (1, 2,3 , 'x', $4)", "WHERE id IN (?)"},
		{"WHERE id IN ( 1, /* two */ 2 )", "WHERE id IN ( ?)"},
		{"INSERT INTO t (a, b) VALUES (1, 2)", "INSERT INTO t (a, b) VALUES (?)"},
		{"INSERT INTO t (a, b) VALUES (1, 2), (3, 4),(5,6)", "INSERT INTO t (a, b) VALUES (?)"},
		{"INSERT INTO t VALUES (1, NOW()), (2, NOW())", "INSERT INTO t VALUES (?, NOW())"},
		{"((1), (2)), ((3))", "((?))"},
		{"f(a), f(b)", "f(a), f(b)"},
		{"a) (b", "a) (b"},
		{"SELECT N'x', X'ab', _utf8'y'", "SELECT N?, X?, _utf8?"},
		{"SELECT größe FROM données", "SELECT größe FROM données"},
		{"data ? 'key' AND data->>'a' = '1'", "data ? ? AND data->>? = ?"},
	} {
		if got := Fingerprint(test.in, Standard); got != test.want {
			t.Errorf("%q\n got  %q\n want %q", test.in, got, test.want)
		}
	}
}

func TestFingerprintMySQL(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`SELECT "a", x, 'it\'s', y`, "SELECT ?, x, ?, y"},
		{`SELECT '\\', x, 'y'`, "SELECT ?, x, ?"},
		{"SELECT a # secret\nFROM t", "SELECT a FROM t"},
		{"SELECT a--1 -- secret", "SELECT a-?"},
		{"SELECT 5 /* a /* b */ + x", "SELECT ? + x"},
		{"SELECT `a`, 1", "SELECT `a`, ?"},
	} {
		if got := Fingerprint(test.in, MySQL); got != test.want {
			t.Errorf("%q\n got  %q\n want %q", test.in, got, test.want)
		}
	}
}

// TestFingerprintIsBounded: of huge statements only the beginning is read, and
// those that differ in size only have the same fingerprint.
func TestFingerprintIsBounded(t *testing.T) {
	insert := func(rows int) string {
		return "INSERT INTO t (a, b) VALUES " + strings.Repeat("(1, 'two'), ", rows) + "(1, 'two')"
	}
	const want = "INSERT INTO t (a, b) VALUES (?)"
	for _, rows := range []int{1, 10, 1000} {
		if got := Fingerprint(insert(rows), Standard); got != want {
			t.Errorf("%d rows: %q", rows, got)
		}
	}
	for _, rows := range []int{5000, 5001, 99999} {
		if got := Fingerprint(insert(rows), Standard); got != want+"…" {
			t.Errorf("%d rows: %q", rows, got)
		}
	}
	if got := Fingerprint("SELECT "+strings.Repeat("a, ", 5000), Standard); len(got) > maxOutput+10 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes: …%q", len(got), got[len(got)-20:])
	}
}

func FuzzFingerprint(f *testing.F) {
	for _, s := range []string{
		"SELECT * FROM t WHERE a = 'x' AND b IN (1, 2) -- c", `E'\''"`, "$a$ $a$ $1", "/*/**/", "((1),(2)),((3)", "`\"'#\\", "1.e+5.$$::?", "-1 - -1", "\x00\xff é",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []Dialect{Standard, MySQL} {
			got := Fingerprint(s, d)
			if len(got) > maxOutput+MaxInput {
				t.Errorf("%d bytes", len(got))
			}
			// Nothing of a literal is left, whatever is in it.
			if len(s) > MaxInput/4 {
				return
			}
			literal := "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) + "'"
			if got := Fingerprint("WHERE a = "+literal+" AND b = 1", d); got != "WHERE a = ? AND b = ?" && got != "WHERE a = ?…" {
				t.Errorf("the literal %s shows: %q", literal, got)
			}
			if got := Fingerprint("WHERE a = $q$"+strings.ReplaceAll(s, "$", "")+"$q$ AND b = 1", d); got != "WHERE a = ? AND b = ?" {
				t.Errorf("the dollar quoted literal %q shows: %q", s, got)
			}
			if got := Fingerprint("SELECT a /* "+strings.NewReplacer("*", "", "/", "").Replace(s)+" */ FROM t", d); got != "SELECT a FROM t" {
				t.Errorf("the comment %q shows: %q", s, got)
			}
		}
	})
}

func BenchmarkFingerprint(b *testing.B) {
	const s = "SELECT id, name, price FROM products WHERE category = $1 AND price < $2 ORDER BY price LIMIT 20"
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(s, Standard)
	}
}
