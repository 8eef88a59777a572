// Package sqlite is the driver that keeps traces in a SQLite file. Import it
// for its scheme; the URLs are SQLAlchemy's:
//
//	sqlite:///relative.db
//	sqlite:////absolute/path.db
//	sqlite://                   in memory, lost with Close
//
// Their one option is retention=30d: a program that writes removes the traces whose
// last record is older than that, when it begins and every hour, a few at a time
// between its own writes. The file does not shrink then: the space that becomes free
// is used again. Without the option, and with 0, all traces are kept; but a Service
// that package sonde makes keeps them for 30 days unless its URL says otherwise.
//
// The table has the columns of OSProfiler's, see drivers/postgresql. The file is in
// WAL mode: several processes may read and write it at once, and meanwhile
// path.db-wal and path.db-shm exist beside it. A file that the driver creates is
// accessible to its owner only (mode 0600); the mode of an existing file is not
// changed.
//
// An acknowledged record survives the end of the process, but those of the last
// moments may be lost in a power cut. When the disk is full, nothing of a batch is
// stored. The file may be removed or renamed while it is in use: the driver notices
// before and after each write, completes a file that was renamed, and creates a new
// one. If several processes use the file, the two files beside it have to be moved
// with it, and another file must not take its place.
//
// Programs that use other drivers do not link SQLite, which is pure Go
// (modernc.org/sqlite).
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "sqlite", Doc: "a SQLite file, or a database in memory without a path", Example: "sqlite:////var/lib/shop/traces.db",
		Import:    "github.com/sonde-go/sonde/drivers/sqlite",
		Retention: "retention",
		Options: []drivers.Option{
			{Name: "retention", Kind: drivers.Age, Doc: "forget a trace so long after its last record; 0 for ever; a service has 30d without it"},
		},
		Open: func(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
			s, err := open(u.Place)
			if err != nil || u.Age("retention") == 0 {
				return s, err
			}
			return keep(s, u.Age("retention"), o.Logger), nil
		},
	})
}

// pragmas are set on each connection. SQLite's wait for another process does
// not heed a context, so it is short for writers, who try again.
const (
	pragmas     = "_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	writersWait = "_pragma=busy_timeout(50)&"
	readersWait = "_pragma=busy_timeout(5000)&"
)

// readers is how many connections read at once, maxIdle how many of a pool
// stay open.
const (
	readers = 4
	maxIdle = 2
)

func open(place string) (*sqlstore.Store, error) {
	path, err := parse(place)
	if err != nil {
		return nil, err
	}
	if path == "" {
		db, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(1) // each connection is a database of its own
		d := dialect("")
		d.Committed, d.Forgets = "in the memory of this process", "the store ends with this process: give sqlite:// the path of a file"
		return sqlstore.New(d, db, db), nil
	}
	if dir := filepath.Dir(path); !isDir(dir) {
		return nil, fmt.Errorf("there is no folder %s", dir)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return openFile(path, dialect(path))
}

func openFile(path string, d *sqlstore.Dialect) (*sqlstore.Store, error) {
	f := &file{path: path}
	write := f.pool(writersWait+pragmas, true)
	write.SetMaxOpenConns(1) // SQLite has one writer; the pool is the queue
	read := f.pool(readersWait+pragmas, false)
	read.SetMaxOpenConns(readers)
	d.Confirm = f.confirm
	return sqlstore.New(d, write, read), nil
}

// parse returns the file that a URL names, "" for a database in memory.
func parse(place string) (string, error) {
	u, err := sqlstore.Parse(place)
	switch {
	case err != nil || u.User+u.Password+u.Host+u.Port != "":
		return "", errors.New("want sqlite:///relative.db, sqlite:////absolute.db or sqlite://")
	case u.Database == ":memory:":
		return "", nil
	}
	return u.Database, nil
}

// escape writes a path so that it stands for itself in a "file:" URI.
func escape(path string) string { return (&url.URL{Path: path}).EscapedPath() }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// pageRows is how many records are read in one go: a reader that holds a
// snapshot for long keeps the WAL from being cut.
const pageRows = 500

func dialect(path string) *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Committed: "committed, in the system's cache: safe from the end of any process, not from a power cut",
		Begin:     "BEGIN IMMEDIATE",
		Schema:    makeSchema,
		Insert:    insert,
		Same:      func(a, b string) string { return a + " = " + b },
		ByBase:    "d.base_id",
		DataText:  "d.data",
		PageRows:  pageRows,
		Busy:      func(err error) bool { return code(err)&0xff == sqlite3.SQLITE_BUSY },
		Rejected: func(err error) bool {
			switch code(err) & 0xff {
			case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH:
				return true
			}
			return false
		},
		Undone: func(err error) bool {
			// A write that failed leaves the WAL without the mark that makes
			// a transaction valid.
			if code(err) == sqlite3.SQLITE_IOERR_WRITE {
				return true
			}
			switch code(err) & 0xff {
			case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY:
				return true
			}
			return false
		},
		NotFound: func(err error) bool {
			if errors.Is(err, fs.ErrNotExist) { // a reader makes no file
				return true
			}
			switch code(err) & 0xff {
			case sqlite3.SQLITE_ERROR:
				return strings.Contains(err.Error(), "no such table: data")
			case sqlite3.SQLITE_CANTOPEN:
				_, err := os.Stat(path)
				return path != "" && errors.Is(err, fs.ErrNotExist)
			}
			return false
		},
	}
}

// code is SQLite's extended result code, 0 if err is not SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// indexed are the columns with an index. OSProfiler indexes six more, which no
// question that anyone asks needs and which make writing four times as slow;
// its tools cannot open SQLite files, so none of them misses an index.
var indexed = []string{"timestamp", "base_id"}

func makeSchema(ctx context.Context, conn *sql.Conn) error {
	var b strings.Builder
	b.WriteString(`BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS data (
	id INTEGER NOT NULL,
	timestamp VARCHAR(26),
	base_id VARCHAR(255),
	parent_id VARCHAR(255),
	trace_id VARCHAR(255),
	project VARCHAR(255),
	host VARCHAR(255),
	service VARCHAR(255),
	name VARCHAR(255),
	data JSON,
	PRIMARY KEY (id)
);
`)
	for _, column := range indexed {
		fmt.Fprintf(&b, "CREATE INDEX IF NOT EXISTS ix_data_%s ON data (%s);\n", column, column)
	}
	b.WriteString("COMMIT")
	_, err := conn.ExecContext(ctx, b.String())
	if err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}

// insertRows is how many rows one statement adds.
const insertRows = 50

func insert(ctx context.Context, conn *sql.Conn, rows []sqlstore.Row) error {
	var stmt *sql.Stmt
	prepared := 0
	args := make([]any, 0, insertRows*sqlstore.NumColumns)
	for len(rows) > 0 {
		n := min(len(rows), insertRows)
		if n != prepared {
			if stmt != nil {
				_ = stmt.Close()
			}
			var err error
			if stmt, err = conn.PrepareContext(ctx, sqlstore.InsertQuery(n)); err != nil {
				return err
			}
			defer stmt.Close()
			prepared = n
		}
		args = args[:0]
		for i := range n {
			args = rows[i].AppendArgs(args)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
