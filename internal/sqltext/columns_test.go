package sqltext

import (
	"slices"
	"testing"
)

func TestColumns(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"SELECT a FROM t", nil},
		{"SELECT a FROM t WHERE email = ? AND t.pwd = ?", []string{"email", "pwd"}},
		{"SELECT a FROM t WHERE b = $2 AND c > $1", []string{"c", "b"}},
		{"UPDATE t SET password = ?, name=? WHERE id=?", []string{"password", "name", "id"}},
		{"INSERT INTO users (email, password) VALUES (?, ?), (?, ?)", []string{"email", "password", "email", "password"}},
		{"INSERT INTO users (email, \"Password\", n) VALUES ($1, $2, now())", []string{"email", "Password"}},
		{"INSERT INTO users (a, b) VALUES (lower(?), ?)", []string{"a", "b"}},
		{"SELECT a WHERE token IN (?, ?)", []string{"token", "token"}},
		{"SELECT a WHERE name LIKE ? LIMIT ?", []string{"name", ""}},
		{"UPDATE t SET a = 'x', b = ?", []string{"b"}},
		{"SELECT a WHERE n BETWEEN ? AND ?", []string{"n", ""}},
		{"SELECT :name, @p1", []string{"", ""}},
		{"SELECT $99999, $0", nil},
	} {
		if got := Columns(test.in, Standard); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.in, got, test.want)
		}
	}
}

func FuzzColumns(f *testing.F) {
	f.Add("INSERT INTO t (a, b) VALUES ($1, ?2), (:a, @b)) WHERE a IN (?")
	f.Fuzz(func(_ *testing.T, s string) {
		Columns(s, Standard)
		Columns(s, MySQL)
	})
}
