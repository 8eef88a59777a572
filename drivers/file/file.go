// Package file is the driver that keeps traces in a file of JSON lines, a
// record in each. Import it for its scheme:
//
//	file:///absolute/path.jsonl
//	file://relative.jsonl
//
// A percent sign in a path begins an escape: %23 is #. A batch is appended by
// one write, so that several processes may share a file on a local disk. What
// is acknowledged survives the end of the process, but not always a power cut.
//
// Any other program may write such a file, whole records in any order; a last
// line that is cut off is skipped. Nothing is deleted: rotate the file with the
// process stopped, or remove it.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/tracelist"
	"github.com/sonde-go/sonde/profiler"
)

func init() {
	drivers.Register("file", func(_ context.Context, rawURL string, _ drivers.Options) (drivers.Driver, error) {
		path, err := parse(rawURL)
		if err != nil {
			return nil, err
		}
		return &driver{path: path}, nil
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

type driver struct {
	path string

	mu     sync.Mutex
	out    *os.File // opened by the first Notify
	torn   bool     // the file ends within a line
	buf    []byte
	closed bool
}

func (d *driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.out == nil {
		return nil
	}
	err := d.out.Close()
	d.out = nil
	return err
}

func (d *driver) usable(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return drivers.ErrClosed
	}
	return ctx.Err()
}

// keptBuffer is the size above which the buffer of a batch is not kept.
const keptBuffer = 1 << 20

func (d *driver) Notify(ctx context.Context, events []profiler.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, err)
	}
	b := d.buf[:0]
	if d.torn {
		b = append(b, '\n')
	}
	for i := range events {
		b = append(profiler.AppendRecord(b, &events[i]), '\n')
	}
	if d.buf = b; cap(b) > keptBuffer {
		d.buf = nil
	}
	n, err := d.out.Write(b)
	switch {
	case err == nil:
		d.torn = false
		return nil
	case n == 0:
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, err)
	}
	d.torn = b[n-1] != '\n'
	return err
}

// ready opens the file unless it is.
func (d *driver) ready(ctx context.Context) error {
	if d.closed {
		return drivers.ErrClosed
	}
	if err := ctx.Err(); err != nil || d.out != nil {
		return err
	}
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if d.torn, err = endsTorn(f); err != nil {
		return errors.Join(err, f.Close())
	}
	d.out = f
	return nil
}

// endsTorn says whether a file ends within a line: a process died in a write.
func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

func (d *driver) Records(ctx context.Context, baseID string) iter.Seq2[profiler.Record, error] {
	return func(yield func(profiler.Record, error) bool) {
		mentions := mentioner(baseID)
		err := d.scan(ctx, func(line []byte) bool {
			if !mentions(line) {
				return true
			}
			r, err := profiler.ParseRecord(append([]byte(nil), line...))
			if err == nil && r.BaseID != baseID {
				return true
			}
			return yield(r, err)
		})
		if err != nil {
			yield(profiler.Record{}, err)
		}
	}
}

func (d *driver) Traces(ctx context.Context, q drivers.Query) iter.Seq2[drivers.Trace, error] {
	return func(yield func(drivers.Trace, error) bool) {
		list := tracelist.New(q)
		err := d.scan(ctx, func(line []byte) bool {
			if r, err := profiler.ParseRecord(line); err == nil {
				list.Add(&r)
			}
			return true
		})
		if err != nil {
			yield(drivers.Trace{}, err)
			return
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// scan calls each with the lines of the file, which are valid until it returns
// false or returns. A file that does not exist has none.
func (d *driver) scan(ctx context.Context, each func(line []byte) bool) error {
	if err := d.usable(ctx); err != nil {
		return err
	}
	f, err := os.Open(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := newLines(f)
	for {
		line, err := lines.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !each(line):
			return nil
		}
		if err := d.usable(ctx); err != nil {
			return err
		}
	}
}

func (d *driver) Ping(ctx context.Context) error {
	if err := d.usable(ctx); err != nil {
		return err
	}
	_, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
