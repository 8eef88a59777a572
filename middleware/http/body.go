package sondehttp

import (
	"io"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

//go:generate go run gen_bodies.go

// body ends the point of its call when it has been read to its end, is closed or
// dropped.
type body struct {
	base  io.ReadCloser // the transport's
	call  *call
	alarm *alarm // nil after the end
}

// The views of a body, which together have exactly the optional methods of the
// transport's body; bodies_gen.go has every combination. A connection that has
// switched protocols is such a body: code that speaks the other protocol asks for
// Write, and for CloseWrite to end its half. The rest is for transports other than
// net/http's.
type (
	bodyWriter     body
	bodyHalfCloser body
	bodyReaderFrom body
	bodyWriterTo   body
	bodySeeker     body
	bodyDeadlines  body
)

// The optional methods of a body as an index into bodies.
const (
	hasWrite = 1 << iota
	hasCloseWrite
	hasBodyReadFrom
	hasWriteTo
	hasSeek
	hasDeadlines
	bodyCombinations
)

type halfCloser interface{ CloseWrite() error }

// deadlines is the part of a net.Conn that bounds its reads and writes.
type deadlines interface {
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// newBody wraps base, keeping exactly its optional methods.
func newBody(base io.ReadCloser, c *call) io.ReadCloser {
	b := &body{base: base, call: c, alarm: alarms.Get().(*alarm)}
	b.alarm.call.Store(c)
	has := 0
	if _, ok := base.(io.Writer); ok {
		has |= hasWrite
	}
	if _, ok := base.(halfCloser); ok {
		has |= hasCloseWrite
	}
	if _, ok := base.(io.ReaderFrom); ok {
		has |= hasBodyReadFrom
	}
	if _, ok := base.(io.WriterTo); ok {
		has |= hasWriteTo
	}
	if _, ok := base.(io.Seeker); ok {
		has |= hasSeek
	}
	if _, ok := base.(deadlines); ok {
		has |= hasDeadlines
	}
	return bodies[has](b)
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.base.Read(p)
	b.call.bytes.Add(int64(n))
	switch {
	case err == nil:
		b.call.touch()
	case err == io.EOF:
		b.end(profiler.Ending{})
	default:
		b.end(profiler.Ending{Err: err})
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.end(profiler.Ending{Time: b.call.lastUse()})
	return b.base.Close()
}

func (b *body) end(end profiler.Ending) {
	if b.call.end(end) {
		b.alarm.call.Store(nil)
		alarms.Put(b.alarm)
		b.alarm = nil
	}
}

func (w *bodyWriter) Write(p []byte) (int, error) { return w.base.(io.Writer).Write(p) }

func (h *bodyHalfCloser) CloseWrite() error { return h.base.(halfCloser).CloseWrite() }

func (f *bodyReaderFrom) ReadFrom(src io.Reader) (int64, error) {
	return f.base.(io.ReaderFrom).ReadFrom(src)
}

// WriteTo passes dst on unwrapped. An error does not end the point, since it may
// be dst's.
func (t *bodyWriterTo) WriteTo(dst io.Writer) (int64, error) {
	n, err := t.base.(io.WriterTo).WriteTo(dst)
	t.call.bytes.Add(n)
	t.call.touch()
	if err == nil {
		(*body)(t).end(profiler.Ending{})
	}
	return n, err
}

func (s *bodySeeker) Seek(offset int64, whence int) (int64, error) {
	return s.base.(io.Seeker).Seek(offset, whence)
}

func (d *bodyDeadlines) SetDeadline(t time.Time) error { return d.base.(deadlines).SetDeadline(t) }

func (d *bodyDeadlines) SetReadDeadline(t time.Time) error {
	return d.base.(deadlines).SetReadDeadline(t)
}

func (d *bodyDeadlines) SetWriteDeadline(t time.Time) error {
	return d.base.(deadlines).SetWriteDeadline(t)
}
