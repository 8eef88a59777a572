package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sonde-go/sonde/record"
)

// keptBuffer is the size above which the buffer of a batch is not kept.
const keptBuffer = 1 << 20

// tries is how often a batch is written if the file is renamed each time.
const tries = 3

var errMoved = errors.New("the file was renamed or removed while it was written to")

func (d *file) Notify(_ context.Context, events []record.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	written := false
	for range tries {
		n, err := d.write(events)
		written = written || n > 0
		switch {
		case err != nil && !written:
			return fmt.Errorf("%w: %w", record.ErrNotSent, err)
		case err != nil:
			return err
		case d.named():
			return nil
		}
	}
	return errMoved
}

// write appends a batch to the file at the path and returns how many bytes it has
// written.
func (d *file) write(events []record.Event) (int, error) {
	if err := d.ready(); err != nil {
		return 0, err
	}
	torn, err := endsTorn(d.out)
	if err != nil {
		return 0, err
	}
	b := d.buf[:0]
	if torn {
		b = append(b, '\n')
	}
	for i := range events {
		b = append(events[i].AppendJSON(b), '\n')
	}
	if d.buf = b; cap(b) > keptBuffer {
		d.buf = nil
	}
	return d.out.Write(b)
}

// ready opens the file, unless the one that is open still has its name.
func (d *file) ready() error {
	if d.named() {
		return nil
	}
	if err := d.letGo(); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	d.out = f
	d.info, err = f.Stat()
	return err
}

// named reports whether the path names the file that is open.
func (d *file) named() bool {
	if d.out == nil {
		return false
	}
	now, err := os.Stat(d.path)
	return err == nil && os.SameFile(now, d.info)
}

// endsTorn reports whether a file ends within a line, because a process died
// during a write or the disk was full. Another process's write in progress looks
// the same, but hardly twice; if it does, readers skip the superfluous empty line.
func endsTorn(f *os.File) (bool, error) {
	for before := int64(-1); ; {
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return false, err
		}
		var last [1]byte
		_, err = f.ReadAt(last[:], info.Size()-1)
		if err == io.EOF { // it has just been cut short
			continue
		}
		if err != nil || last[0] == '\n' {
			return false, err
		}
		if info.Size() == before {
			return true, nil
		}
		before = info.Size()
	}
}
