// Package file is the driver that keeps traces in a file of JSON lines, a
// record in each. Import it for its scheme:
//
//	file:///absolute/path.jsonl
//	file://relative.jsonl
//
// A percent sign in a path begins an escape: %23 is #. A batch is appended by
// one write, so that several processes may share a file on a local disk. What
// is acknowledged survives the end of the process, but not always a power cut.
// A new file can be read by its owner only.
//
// Any other program may write such a file, whole records in any order; a last
// line that is cut off is skipped, and the next batch begins a line of its own.
//
// # Rotation
//
// Nothing is deleted. Rename, replace or remove the file while processes use
// it; none has to be told. Before a batch is written, and again before it is
// acknowledged, the driver looks whether the path still names the file that it
// has open. If not, it opens the one that is there, or makes it, and writes the
// batch to that. So an acknowledged batch was in the file of that name when it
// was acknowledged, never only in one that has been removed. A renamed file
// keeps what it has, with the batch of that moment at most once too often, and
// a process keeps it open until its next batch. Readers look at the path alone:
// a trace that ran across a rename has its records in two files.
//
// What cuts the file short in place, as logrotate's copytruncate, loses what
// comes between the copy and the cut.
package file

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
)

func init() {
	drivers.Register("file", func(_ context.Context, rawURL string, _ drivers.Options) (driver.Driver, error) {
		path, err := parse(rawURL)
		if err == nil {
			path, err = filepath.Abs(path) // whatever folder the process changes to
		}
		if err != nil {
			return nil, err
		}
		return &file{path: path}, nil
	})
}

func parse(rawURL string) (string, error) {
	path := strings.TrimPrefix(rawURL, "file://")
	if strings.ContainsAny(path, "?#") {
		return "", errors.New("file:// takes no options; write ? as %3F and # as %23")
	}
	path, err := url.PathUnescape(path)
	switch {
	case err != nil:
		return "", errors.New("a percent sign must be followed by two hexadecimal digits")
	case path == "" || strings.Contains(path, "\x00"):
		return "", errors.New("want file:///absolute/path.jsonl or file://relative.jsonl")
	}
	return path, nil
}

type file struct {
	path string

	mu   sync.Mutex
	out  *os.File    // opened by the first Notify
	info fs.FileInfo // of out when it was opened
	buf  []byte
}

func (d *file) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.letGo()
}

// letGo closes the file if it is open.
func (d *file) letGo() error {
	if d.out == nil {
		return nil
	}
	err := d.out.Close()
	d.out = nil
	return err
}

// Lacks says what to do instead.
func (d *file) Lacks(op driver.Op) string {
	switch op {
	case driver.Delete, driver.Prune:
		return "nothing is deleted from a file of JSON lines; rename or remove the file, see drivers/file on rotation"
	}
	return ""
}

func (d *file) Ping(_ context.Context) error {
	_, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
