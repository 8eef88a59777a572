package postgresql

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
	"github.com/sonde-go/sonde/internal/servertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPostgreSQL(t *testing.T) { sqltest.Run(t, engine(servertest.Postgres(t))) }

func BenchmarkTraces(b *testing.B) {
	e := engine(servertest.Postgres(b))
	sqltest.BenchmarkTraces(b, func() *drivers.Store { return e.Open(b, e.Database(b)) })
}

func BenchmarkNotify(b *testing.B) { drivertest.BenchmarkNotify(b, empty) }
func BenchmarkList(b *testing.B)   { drivertest.BenchmarkList(b, empty) }

// empty opens the store of a new server.
func empty(b testing.TB) *drivers.Store {
	e := engine(servertest.Postgres(b))
	d := e.Open(b, e.Database(b))
	b.Cleanup(func() { _ = d.Close() })
	return d
}

func engine(server *servertest.Server) *sqltest.Engine {
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
			return connect(t, "postgresql://postgres@"+server.Addr+"/"+database)
		},
		Exists:       "test",
		PythonModule: "psycopg2",
		Version:      "SELECT 'PostgreSQL ' || split_part(version(), ' ', 2)",
		Corrupt:      "INSERT INTO data (base_id, trace_id, name, data) VALUES ($1, 'x', 'db-start', to_json($2::text))",
		Analyze:      "ANALYZE data",
		TableForm: "SELECT column_name || ' ' || data_type || ' ' || coalesce(character_maximum_length::text, '') || ' ' || is_nullable FROM information_schema.columns WHERE table_name = 'data' " +
			"UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename = 'data' ORDER BY 1",
	}
	e.Small = 1 << 20
	e.Place = func(t *testing.T, database, dir string) {
		// The server has to own the folder, and to get there.
		chown := exec.Command("chown", "--reference", filepath.Join(server.Dir, "data"), dir)
		if err := errors.Join(chown.Run(), os.Chmod(filepath.Dir(dir), 0o711)); err != nil {
			t.Fatal(err)
		}
		e.Exec(t, e.Exists, "CREATE TABLESPACE small LOCATION '"+dir+"'")
		e.Exec(t, e.Exists, "ALTER DATABASE "+database+" SET default_tablespace = small")
		t.Cleanup(func() {
			e.Exec(t, e.Exists, "DROP DATABASE "+database+" WITH (FORCE)")
			e.Exec(t, e.Exists, "DROP TABLESPACE small")
		})
	}
	e.RowsRead = func(t testing.TB, database string) int64 {
		// A session adds its counts when it ends.
		for e.Texts(t, e.Exists, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '"+database+"'")[0] != "0" {
			time.Sleep(time.Millisecond)
		}
		n, err := strconv.ParseInt(e.Texts(t, database, "SELECT (SELECT SUM(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables) + "+
			"(SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes)")[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return e
}

func connect(t testing.TB, url string) *sql.DB {
	t.Helper()
	u, err := drivers.ParseURL(url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config, err := configOf(u, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return stdlib.OpenDB(*config)
}

func TestTLS(t *testing.T) {
	server, ca := servertest.PostgresTLS(t)
	url := fmt.Sprintf("postgresql://postgres@localhost:%d/test?sslmode=verify-full", server.Port)
	sqltest.TestTLS(t, url+"&sslrootcert="+ca, url)
	common := fmt.Sprintf("postgresql://postgres@localhost:%d/test?tls=true", server.Port)
	sqltest.TestTLS(t, common+"&tls_ca="+ca, common)

	db := connect(t, url+"&sslrootcert="+ca)
	defer db.Close()
	var encrypted bool
	if err := db.QueryRow("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted); err != nil || !encrypted {
		t.Errorf("encrypted: %v, %v", encrypted, err)
	}
}

func TestURLs(t *testing.T) {
	t.Setenv("PGPASSWORD", "from the environment")
	for _, tt := range []struct {
		url, user, password, host, database string
		port                                uint16
	}{
		{"postgresql://u:p@h:77/d", "u", "p", "h", "d", 77},
		{"postgresql+psycopg2://u:p%40%2F%3A%25@h/d", "u", "p@/:%", "h", "d", 5432},
		{"postgresql://u:a/b%20c:d@h/d", "u", "a/b c:d", "h", "d", 5432},
		{"postgresql://u%40x@[::1]:77/d", "u@x", "from the environment", "::1", "d", 77},
		{"postgresql://u:p@[::1]/d", "u", "p", "::1", "d", 5432},
		{"postgresql://u:p@/d?host=/run/postgresql", "u", "p", "/run/postgresql", "d", 5432},
		{"postgresql://u:p@h/d?connect_timeout=3&application_name=x&sslmode=disable", "u", "p", "h", "d", 5432},
	} {
		u, err := drivers.ParseURL(tt.url, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		c, err := configOf(u, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if c.User != tt.user || c.Password != tt.password || c.Host != tt.host || c.Database != tt.database || c.Port != tt.port {
			t.Errorf("%s: user %q, password %q, host %q, port %d, database %q", tt.url, c.User, c.Password, c.Host, c.Port, c.Database)
		}
	}
	for _, url := range []string{
		"postgresql://u:geheim@h:port/d", "postgresql://u:geheim@h/d?sslmode=sometimes",
		"postgresql://u:geheim@h/d?host=a&host=b", "postgresql://u:geheim@h/d?a=%zz", "postgresql://u:geheim@x@h/d",
	} {
		_, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err == nil || strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
