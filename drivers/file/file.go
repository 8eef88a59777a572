// Package file is the driver that keeps traces in a file of JSON lines, one record
// per line. Import it for its scheme:
//
//	file:///absolute/path.jsonl
//	file://relative.jsonl
//
// A percent sign in a path begins an escape: %23 is #. A batch is appended with
// one write, so that several processes may share a file on a local disk. An
// acknowledged record survives the end of the process, but not always a power cut.
// A new file is readable by its owner only.
//
// Any other program may write such a file, whole records in any order. A truncated
// last line is skipped, and the next batch begins on a new line.
//
// # Rotation
//
// The driver deletes nothing. Rename, replace or remove the file while processes
// use it; they need not be told. Before a batch is written, and again before it is
// acknowledged, the driver checks whether the path still names the file that it
// has open. If not, it opens or creates the file at the path and writes the batch
// there. So an acknowledged batch was in the file of that name when it was
// acknowledged, never only in one that has been removed. A renamed file keeps its
// content, and perhaps a second copy of the batch of that moment; a process keeps
// it open until its next batch. Readers only look at the path: a trace that ran
// across a rename has its records in two files.
//
// Truncating the file in place, as logrotate's copytruncate does, loses what is
// written between the copy and the truncation.
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
	drivers.Register(drivers.Scheme{
		Name: "file", Doc: "a file of JSON lines", Example: "file:///var/lib/shop/traces.jsonl",
		Import: "github.com/sonde-go/sonde/drivers/file",
		Open: func(_ context.Context, u *drivers.URL, _ drivers.Options) (driver.Driver, error) {
			path, err := parse(u.Place)
			if err == nil {
				path, err = filepath.Abs(path) // whatever folder the process changes to
			}
			if err != nil {
				return nil, err
			}
			return &file{path: path}, nil
		},
	})
}

func parse(place string) (string, error) {
	if strings.ContainsAny(place, "?#") {
		return "", errors.New("file:// has no options; write ? as %3F and # as %23")
	}
	path, err := url.PathUnescape(place)
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

// Terms implements [driver.Promising].
func (d *file) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "written to the file, in the system's cache: safe from the end of any process, not from a power cut",
		Repeated:     "kept twice; readers ignore the second",
		Listed:       "the whole file",
	}
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
