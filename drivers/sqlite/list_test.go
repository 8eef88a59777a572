package sqlite

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite/vfs"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/drivers/internal/sqltest"
)

// TestListWork counts the pages that SQLite reads from the file when it keeps
// next to none.
func TestListWork(t *testing.T) {
	const rowsOfPage = 4 // and more, with those of the indexes
	sqltest.ListWork(t, 1./rowsOfPage, func(t *testing.T) (*drivers.Store, func(func(*drivers.Store)) int64) {
		path := filepath.Join(t.TempDir(), "work.db")
		return openURL(t, "sqlite:///"+path), func(list func(*drivers.Store)) int64 { return pagesRead(t, path, list) }
	})
}

// pagesRead counts the pages that are read while list runs.
func pagesRead(t *testing.T, path string, list func(*drivers.Store)) int64 {
	t.Helper()
	query(t, path, "PRAGMA journal_mode=DELETE") // whoever only reads cannot use a WAL
	files := &countingFS{FS: os.DirFS(filepath.Dir(path))}
	name, system, err := vfs.New(files)
	if err != nil {
		t.Fatal(err)
	}
	defer system.Close()
	db, err := sql.Open("sqlite", "file:"+escape(filepath.Base(path))+"?mode=ro&immutable=1&_pragma=cache_size(10)&vfs="+name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	reader := drivers.NewStore("sqlite:///work.db", sqlstore.New(dialect(path), db, db))
	list(reader)
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	return files.reads.Load()
}

func TestListRandom(t *testing.T) {
	d := openURL(t, "sqlite:///"+filepath.Join(t.TempDir(), "random.db"))
	defer d.Close()
	sqltest.ListRandom(t, d)
}

// countingFS counts the reads of its files.
type countingFS struct {
	fs.FS
	reads atomic.Int64
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &countedFile{f.(*os.File), &c.reads}, nil
}

type countedFile struct {
	*os.File
	reads *atomic.Int64
}

func (f *countedFile) Read(b []byte) (int, error) {
	f.reads.Add(1)
	return f.File.Read(b)
}

func BenchmarkTraces(b *testing.B) {
	n := 0
	sqltest.BenchmarkTraces(b, func() *drivers.Store {
		n++
		return openURL(b, fmt.Sprintf("sqlite:///%s/bench%d.db", b.TempDir(), n))
	})
}
