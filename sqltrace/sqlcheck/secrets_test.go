package sqlcheck_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/sqltrace"
)

// hidesSecrets makes the database quote values in its errors, and finds none of
// them in what is recorded, but the code of each error. The values are such as
// no record has by chance.
func hidesSecrets(t *testing.T, d database, codes map[string]any) {
	traced, err := sqltrace.Open(d.driver, d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	db := sqlx.NewDb(traced, d.driver)
	for _, statement := range []string{
		"DROP TABLE IF EXISTS secrets",
		"CREATE TABLE secrets (a VARCHAR(90), b VARCHAR(90), n INT, UNIQUE (a, b))",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	const short, long = "Zyx", "Quokka-Wombat-Numbat-Quoll-Bilby-Potoroo-Bettong-Dunnart-Kowari-Mulgara"
	for _, call := range []struct {
		kind, statement string
		args            []any
	}{
		{"", "INSERT INTO secrets (a, b) VALUES (?, ?)", []any{short, long}},
		{"unique", "INSERT INTO secrets (a, b) VALUES (?, ?)", []any{short, long}},
		{"", "INSERT INTO secrets (a, b) VALUES ('Zyx', 'Zyx')", nil},
		{"unique", "INSERT INTO secrets (a, b) VALUES ('Zyx', 'Zyx')", nil},
		{"type", "INSERT INTO secrets (n) VALUES ('Zyx')", nil},
		{"syntax", "SELECT 'Zyx' 'Quokka' 'Zyx' FROM FROM", nil},
	} {
		svc, rec := profilertest.New(t, "test")
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		_, err := db.ExecContext(ctx, db.Rebind(call.statement), call.args...)
		root.Stop()
		want, fails := codes[call.kind]
		if (err != nil) != fails {
			t.Errorf("%s: %v", call.statement, err)
		}
		for _, p := range rec.Named(t, "db") {
			text, _ := json.Marshal([]any{p.Start, p.Stop})
			for _, secret := range []string{short, "Quokka", "Wombat", "Mulgara"} {
				if strings.Contains(string(text), secret) {
					t.Errorf("%s shows %s: %s", call.statement, secret, text)
				}
			}
			stop, _ := p.Stop["db"].(map[string]any)
			if fails && (stop["error_code"] != want || p.Stop["message"] == "") {
				t.Errorf("%s: %s, want the code %v", call.statement, text, want)
			}
		}
	}
}
