// Package sqlite is the driver that keeps traces in a SQLite file. Import it
// for its scheme; the URLs are SQLAlchemy's:
//
//	sqlite:///relative.db
//	sqlite:////absolute/path.db
//	sqlite://                   in memory, gone with Close
//
// The table has the columns of OSProfiler's, see drivers/postgresql. The file
// is in WAL mode: several processes may read and write it at once, and
// path.db-wal and path.db-shm stand beside it meanwhile. A file that the driver
// makes is for its owner only (mode 0600); the mode of one that is there is
// left as it is.
//
// What is acknowledged survives the end of the process, but the last moments
// may be lost in a power cut. When the disk is full, nothing of a batch is
// stored. The file may be removed or renamed while it is in use: the driver
// notices before each write and after it, completes a file that was renamed,
// and makes a new one. While several processes use the file, the two beside it
// have to go with it, and another file must not take its place.
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
	drivers.Register("sqlite", func(_ context.Context, url string, _ drivers.Options) (driver.Driver, error) {
		return open(url)
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

func open(rawURL string) (driver.Driver, error) {
	path, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if path == "" {
		db, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(1) // each connection is a database of its own
		return sqlstore.New(dialect(""), db, db), nil
	}
	if dir := filepath.Dir(path); !isDir(dir) {
		return nil, fmt.Errorf("there is no folder %s", dir)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return openFile(path, dialect(path))
}

func openFile(path string, d *sqlstore.Dialect) (driver.Driver, error) {
	f := &file{path: path}
	write, err := f.pool(writersWait+pragmas, true)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1) // SQLite has one writer; the pool is the queue
	read, err := f.pool(readersWait+pragmas, false)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	d.Confirm = f.confirm
	return sqlstore.New(d, write, read), nil
}

// parse returns the file that a URL names, "" for a database in memory.
func parse(rawURL string) (string, error) {
	u, err := sqlstore.ParseURL(rawURL)
	switch {
	case err != nil || u.User+u.Password+u.Host+u.Port != "":
		return "", errors.New("want sqlite:///relative.db, sqlite:////absolute.db or sqlite://")
	case len(u.Query) > 0:
		return "", errors.New("sqlite:// takes no options")
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
		Begin:    "BEGIN IMMEDIATE",
		Schema:   makeSchema,
		Insert:   insert,
		Same:     func(a, b string) string { return a + " = " + b },
		ByBase:   "d.base_id",
		DataText: "d.data",
		PageRows: pageRows,
		Busy:     func(err error) bool { return code(err)&0xff == sqlite3.SQLITE_BUSY },
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
