package mysql

import (
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMariaDB(t *testing.T) {
	e := engine(servertest.MariaDB(t), "MariaDB")
	t.Run("Latin1", func(t *testing.T) { testLatin1(t, e) })
	sqltest.Run(t, e)
}

func TestMySQL(t *testing.T) { sqltest.Run(t, engine(servertest.MySQL(t), "MySQL")) }

func BenchmarkTraces(b *testing.B) {
	e := engine(servertest.MariaDB(b), "MariaDB")
	sqltest.BenchmarkTraces(b, func() *drivers.Store { return e.Open(b, e.Database(b)) })
}

func BenchmarkNotify(b *testing.B) { drivertest.BenchmarkNotify(b, empty) }
func BenchmarkList(b *testing.B)   { drivertest.BenchmarkList(b, empty) }

// empty opens the store of a new server.
func empty(b testing.TB) *drivers.Store {
	e := engine(servertest.MariaDB(b), "MariaDB")
	d := e.Open(b, e.Database(b))
	b.Cleanup(func() { _ = d.Close() })
	return d
}

func engine(server *servertest.Server, name string) *sqltest.Engine {
	e := &sqltest.Engine{
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
			return connect(t, "mysql://root@"+server.Addr+"/"+database)
		},
		Exists:       "test",
		PythonModule: "pymysql",
		Version:      "SELECT CONCAT('" + name + " ', SUBSTRING_INDEX(VERSION(), '-', 1))",
		Corrupt:      "INSERT INTO data (base_id, trace_id, name, data) VALUES (?, 'x', 'db-start', JSON_QUOTE(?))",
		Analyze:      "ANALYZE TABLE data",
		TableForm: "SELECT CONCAT_WS(' ', column_name, column_type, is_nullable, extra) FROM information_schema.columns WHERE table_schema = DATABASE() " +
			"UNION ALL SELECT CONCAT_WS(' ', index_name, non_unique, column_name, seq_in_index) FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1",
	}
	e.RowsRead = func(t testing.TB, database string) (n int64) {
		for _, line := range e.Texts(t, database, "SHOW GLOBAL STATUS LIKE 'Handler_read%'") {
			_, number, _ := strings.Cut(line, "|")
			m, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			n += m
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
	config, _, err := configOf(u, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	return sql.OpenDB(connector)
}

func TestTLS(t *testing.T) {
	server, ca := servertest.MariaDBTLS(t)
	url := fmt.Sprintf("mysql://root@localhost:%d/test", server.Port)
	sqltest.TestTLS(t, url+"?ssl_ca="+ca, url+"?ssl_ca=/etc/ssl/certs/ca-certificates.crt")
	strange, _ := servertest.Certificate(t)
	sqltest.TestTLS(t, url+"?ssl_ca="+ca, url+"?ssl_check_hostname=false&ssl_ca="+strange)

	db := connect(t, url+"?ssl_ca="+ca)
	defer db.Close()
	var name, version string
	if err := db.QueryRow("SHOW STATUS LIKE 'Ssl_version'").Scan(&name, &version); err != nil || !strings.HasPrefix(version, "TLS") {
		t.Errorf("TLS version %q, %v", version, err)
	}
}

// TestCheckHostname talks to a server whose certificate is for another name.
func TestCheckHostname(t *testing.T) {
	cert, key := servertest.Certificate(t)
	strange, _ := servertest.Certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	defer server.Close()
	handshake := func(options url.Values) error {
		u, err := drivers.ParseURL("mysql://h/d?"+options.Encode(), drivers.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := tlsOf(u, "db.example")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", server.Listener.Addr().String(), c)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if err := handshake(url.Values{"ssl_ca": {cert}, "ssl_check_hostname": {"false"}}); err != nil {
		t.Errorf("without a check of the name: %v", err)
	}
	if err := handshake(url.Values{"ssl_ca": {cert}}); err == nil {
		t.Error("a certificate for another name passes")
	}
	if err := handshake(url.Values{"ssl_ca": {strange}, "ssl_check_hostname": {"false"}}); err == nil {
		t.Error("a certificate of strangers passes")
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://u:p@h/d":                                  "u p tcp h:3306 d",
		"mysql+pymysql://u:p%40%2F%3A%25@h:77/d":           "u p@/:% tcp h:77 d",
		"mysql+mysqldb://u:a/b%20c:d@[::1]/d":              "u a/b c:d tcp [::1]:3306 d",
		"mysql://u@/d?unix_socket=/run/mysqld/mysqld.sock": "u  unix /run/mysqld/mysqld.sock d",
		"mysql://h/d?charset=utf8&use_unicode=1":           "  tcp h:3306 d",
	} {
		u, err := drivers.ParseURL(url, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		c, _, err := configOf(u, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := strings.Join([]string{c.User, c.Passwd, c.Net, c.Addr, c.DBName}, " "); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	for url, want := range map[string]time.Duration{
		"mysql://h/d?connect_timeout=3":                                7 * time.Second,
		"mysql://h/d?connect_timeout=3&read_timeout=4&write_timeout=5": 5 * time.Second,
		"mysql://h/d?connect_timeout=3&read_timeout=4":                 4 * time.Second,
	} {
		u, err := drivers.ParseURL(url, drivers.Options{})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		c, limit, err := configOf(u, drivers.Options{SocketTimeout: 7 * time.Second, ConnectTimeout: u.Duration("connect_timeout")})
		if err != nil || c.Timeout != 3*time.Second || limit != want {
			t.Errorf("%s: connecting %v, an exchange %v, %v", url, c.Timeout, limit, err)
		}
	}
	for _, url := range []string{
		"mysql://u:geheim@h/d?ssl_ca=/no/such/file", "mysql://u:geheim@h/d?surprise=1", "mysql://u:geheim@h/d?read_timeout=soon",
		"mysql://u:geheim@x@h/d", "mysql://u:geheim@h/d?a=%zz", "mysql://u:geheim@h/d?ssl_cert=/no/such/file&ssl_check_hostname=maybe",
	} {
		_, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err == nil || strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", url, err)
		}
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
	events[1].Change(func(f *record.Fields) { f.Service = "é" })
	events[2].Change(func(f *record.Fields) { f.Service = "日本語" })
	var rejected *record.RejectedError
	if err := d.Notify(t.Context(), events); !errors.As(err, &rejected) || !slices.Equal(rejected.Indexes, []int{2}) {
		t.Errorf("Notify: %v, want event 2 rejected", err)
	}
	if err := d.Notify(t.Context(), events[:2]); err != nil {
		t.Fatal(err)
	}
	services := ""
	for r, err := range d.Records(t.Context(), events[0].Trace().String()) {
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
