package mysql

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMariaDB(t *testing.T) {
	e := engine(servertest.MariaDB(t), "MariaDB")
	t.Run("Latin1", func(t *testing.T) { testLatin1(t, e) })
	sqltest.Run(t, e)
}

func TestMySQL(t *testing.T) { sqltest.Run(t, engine(servertest.MySQL(t), "MySQL")) }

func engine(server *servertest.Server, name string) *sqltest.Engine {
	return &sqltest.Engine{
		Driver: "mysql",
		Server: server,
		URL: func(password, database string) string {
			user := "root"
			if password != "" {
				user += ":" + password
			}
			return fmt.Sprintf("mysql+pymysql://%s@%s/%s?charset=utf8mb4", user, server.Addr, database)
		},
		Connect: func(t testing.TB, database string) *sql.DB {
			config, err := configOf("mysql://root@"+server.Addr+"/"+database, drivers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			connector, err := mysql.NewConnector(config)
			if err != nil {
				t.Fatal(err)
			}
			return sql.OpenDB(connector)
		},
		Exists:       "test",
		PythonModule: "pymysql",
		Version:      "SELECT CONCAT('" + name + " ', SUBSTRING_INDEX(VERSION(), '-', 1))",
		Corrupt:      "INSERT INTO data (base_id, trace_id, name, data) VALUES (?, 'x', 'db-start', JSON_QUOTE(?))",
	}
}

// testLatin1 uses a table as OSProfiler makes it where the server's default is
// an old character set.
func testLatin1(t *testing.T, e *sqltest.Engine) {
	database := e.Database(t)
	d := e.Open(t, database)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	e.Exec(t, database, "ALTER TABLE data CONVERT TO CHARACTER SET latin1, MODIFY data LONGTEXT CHARACTER SET utf8mb4")
	events := drivertest.Trace(4, 0)
	events[1].Service, events[2].Service = "é", "日本語"
	var rejected *profiler.RejectedError
	if err := d.Notify(t.Context(), events); !errors.As(err, &rejected) || !slices.Equal(rejected.Indexes, []int{2}) {
		t.Errorf("Notify: %v, want event 2 rejected", err)
	}
	if err := d.Notify(t.Context(), events[:2]); err != nil {
		t.Fatal(err)
	}
	services := ""
	for r, err := range d.Records(t.Context(), events[0].BaseID.String()) {
		if err != nil {
			t.Fatal(err)
		}
		services += *r.Service + " "
	}
	if services != "checkout é " {
		t.Errorf("services %q", services)
	}
	for range d.Records(t.Context(), "日本語") {
		t.Error("a record or an error of an id that no row can have")
	}
	for range d.Traces(t.Context(), drivers.Query{Service: "日本語"}) {
		t.Error("a trace or an error of a service that no row can have")
	}
}
