package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	sqlite "modernc.org/sqlite"
)

// file is a database file by its name. All connections of a driver are to the
// file that had the name when the first of them was opened. When the file is
// removed, renamed or replaced, they are closed before one to the file that
// has the name now is opened: two databases must not share the files beside
// them.
type file struct {
	path  string
	pools []*sql.DB

	mu   sync.Mutex
	info os.FileInfo // while connections are open
	open int
}

// errStillOpen says that connections to the former file are still in use.
var errStillOpen = errors.New("the database file has been replaced")

// moved reports whether the open file no longer has its name.
func (f *file) moved() bool {
	info, err := os.Stat(f.path)
	f.mu.Lock()
	defer f.mu.Unlock()
	return err != nil || !os.SameFile(info, f.info)
}

// confirm fails if what was just committed is in a file that no longer has its
// name.
func (f *file) confirm() error {
	if !f.moved() {
		return nil
	}
	return fmt.Errorf("%s was removed or replaced during a write: send again, to the file that has the name now", f.path)
}

// pool is a pool of connections to the file. Those of a pool that creates make
// the file if there is none.
func (f *file) pool(options string, create bool) *sql.DB {
	pool := sql.OpenDB(connector{f, "file:" + escape(f.path) + "?mode=rw&" + options, create})
	f.pools = append(f.pools, pool)
	return pool
}

type connector struct {
	f      *file
	dsn    string
	create bool
}

func (c connector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	for {
		conn, err := c.connect(ctx)
		if !errors.Is(err, errStillOpen) {
			return conn, err
		}
		for _, pool := range c.f.pools { // closes those that are idle
			pool.SetMaxIdleConns(0)
			pool.SetMaxIdleConns(maxIdle)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// opening is held for reading while a connection is opened, and for writing
// while a file is made: whoever closes a file gives up all locks that the
// process has on it.
var opening sync.RWMutex

func (c connector) connect(ctx context.Context) (driver.Conn, error) {
	if c.create {
		if err := makeFile(c.f.path); err != nil {
			return nil, err
		}
	}
	opening.RLock()
	defer opening.RUnlock()
	if err := c.f.hold(); err != nil {
		return nil, err
	}
	opened, err := c.Driver().Open(c.dsn)
	if err == nil && c.f.moved() {
		err = errors.Join(errStillOpen, opened.Close())
	}
	if err != nil {
		c.f.release()
		return nil, err
	}
	return &conn{opened.(engine), c.f}, nil
}

// hold counts a connection to the file that has the name now.
func (f *file) hold() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open > 0 && !os.SameFile(info, f.info) {
		return errStillOpen
	}
	f.info = info
	f.open++
	return nil
}

func (f *file) release() {
	f.mu.Lock()
	f.open--
	f.mu.Unlock()
}

// makeFile makes an empty database that only its owner can read, as SQLite
// makes the files beside it, unless there is a file. What lies beside a
// database that is gone is removed: SQLite would take it for the new one's.
func makeFile(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	opening.Lock()
	defer opening.Unlock()
	var left []string
	for _, beside := range []string{path + "-wal", path + "-shm"} {
		if _, err := os.Lstat(beside); err == nil {
			left = append(left, beside)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, beside := range left {
		if err := os.Remove(beside); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// engine is what a connection of SQLite's can do.
type engine interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type conn struct {
	engine
	f *file
}

// ResetSession comes before each use but the first.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.f.moved() {
		return driver.ErrBadConn
	}
	return c.engine.ResetSession(ctx)
}

// Close completes a file that was renamed, which SQLite does not: the last
// records may be in the WAL only, which kept its name.
func (c *conn) Close() error {
	if c.f.moved() {
		_, _ = c.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	}
	err := c.engine.Close()
	c.f.release()
	return err
}
