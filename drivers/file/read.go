package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

func (d *file) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		mentions := mentioner(baseID)
		var p record.Parser
		err := d.scan(ctx, func(line []byte) bool {
			if !mentions(line) {
				return true
			}
			r, err := p.Parse(line)
			if err == nil && r.Trace != baseID {
				return true
			}
			return yield(r, err)
		})
		if err != nil {
			yield(record.Record{}, err)
		}
	}
}

// AllRecords implements [driver.BulkReader].
func (d *file) AllRecords(ctx context.Context) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		err := d.scan(ctx, func(line []byte) bool { return yield(record.Parse(append([]byte(nil), line...))) })
		if err != nil {
			yield(record.Record{}, err)
		}
	}
}

func (d *file) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		list := kit.NewTraceList(q)
		var p record.Parser
		err := d.scan(ctx, func(line []byte) bool {
			if r, err := p.Parse(line); err == nil {
				list.Add(&r)
			}
			return true
		})
		if err != nil {
			yield(driver.Trace{}, err)
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
func (d *file) scan(ctx context.Context, each func(line []byte) bool) error {
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
		case ctx.Err() != nil: // lines of other traces are not seen by the Store
			return ctx.Err()
		}
	}
}
