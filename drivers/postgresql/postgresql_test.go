package postgresql

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
	"github.com/sonde-go/sonde/internal/servertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPostgreSQL(t *testing.T) {
	server := servertest.Postgres(t)
	e := &sqltest.Engine{
		Driver: "postgresql",
		Server: server,
		URL: func(password, database string) string {
			user := "postgres"
			if password != "" {
				user = "nobody:" + password
			}
			return fmt.Sprintf("postgresql+psycopg2://%s@%s/%s", user, server.Addr, database)
		},
		Connect: func(t testing.TB, database string) *sql.DB {
			config, err := configOf("postgresql://postgres@"+server.Addr+"/"+database, drivers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return stdlib.OpenDB(*config)
		},
		Exists:       "test",
		PythonModule: "psycopg2",
		Version:      "SELECT 'PostgreSQL ' || split_part(version(), ' ', 2)",
		Corrupt:      "INSERT INTO data (base_id, trace_id, name, data) VALUES ($1, 'x', 'db-start', to_json($2::text))",
	}
	sqltest.Run(t, e)
}
