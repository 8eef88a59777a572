package agent

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	maxBody  = 8 << 20 // of a post, as sent and when it is decompressed
	maxRatio = 100     // between the two
	firstBuf = 64 << 10
)

// refusal is why a post is not taken.
type refusal struct {
	status int
	reason string // for the metrics
	text   string
	retry  int // Retry-After in seconds, 0: it does not help
}

func (r *refusal) Error() string { return r.text }

var (
	tooLarge = &refusal{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the body has more than %d bytes; send less at once", maxBody), 0}
	bomb     = &refusal{http.StatusRequestEntityTooLarge, "ratio", fmt.Sprintf("the body is more than %d times as large as what was sent; send it uncompressed", maxRatio), 0}
	busy     = &refusal{http.StatusTooManyRequests, "busy", "too many posts are under way; send it again later", 1}
	slow     = &refusal{http.StatusRequestTimeout, "slow", "the body has not come in time", 0}
)

// budget bounds the bytes of all posts under way.
type budget struct {
	most int64
	used atomic.Int64
}

func (b *budget) take(n int) bool {
	if b.used.Add(int64(n)) > b.most {
		b.used.Add(-int64(n))
		return false
	}
	return true
}

func (b *budget) give(n int) { b.used.Add(-int64(n)) }

// held is memory of the budget that a post holds.
type held struct {
	budget *budget
	n      int
}

func (h *held) take(n int) error {
	if !h.budget.take(n) {
		return busy
	}
	h.n += n
	return nil
}

func (h *held) free() {
	h.budget.give(h.n)
	h.n = 0
}

// decoders bounds how many posts are decompressed at once, each of which may take
// the window of its encoder, 8 MiB.
type decoders struct {
	room  chan struct{}
	gzips sync.Pool
	zstds sync.Pool
}

func newDecoders(n int) *decoders { return &decoders{room: make(chan struct{}, n)} }

// readBody reads the body of a request, decompressed, into wk.body; the memory it takes
// beyond what wk has is taken from h.
func (d *decoders) readBody(w http.ResponseWriter, r *http.Request, h *held, wk *work) (err error) {
	if r.ContentLength > maxBody {
		return tooLarge
	}
	sent := http.MaxBytesReader(w, r.Body, maxBody)
	switch encoding := encodingOf(r); encoding {
	case "", "identity":
		wk.body, err = readAll(sent, h, wk.body[:0], maxBody)
	case "gzip", "zstd":
		// All of it first: who sends slowly must not hold a decoder.
		if wk.packed, err = readAll(sent, h, wk.packed[:0], maxBody); err != nil {
			break
		}
		select {
		case d.room <- struct{}{}:
			defer func() { <-d.room }()
		case <-r.Context().Done():
			return r.Context().Err()
		}
		if encoding == "gzip" {
			err = d.gzip(h, wk)
		} else {
			err = d.zstd(h, wk)
		}
	default:
		w.Header().Set("Accept-Encoding", "gzip, zstd")
		return &refusal{http.StatusUnsupportedMediaType, "encoding", fmt.Sprintf("the Content-Encoding %.40q is not known; gzip and zstd are", encoding), 0}
	}
	var large *http.MaxBytesError
	var refused *refusal
	switch {
	case err == nil, errors.As(err, &refused):
		return err
	case errors.As(err, &large), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return tooLarge
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &refusal{http.StatusRequestEntityTooLarge, "too_large", "the zstd window is larger than 8 MiB; use a lower level", 0}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return slow
	}
	return &refusal{http.StatusBadRequest, "body", "the body cannot be read: " + short(err), 0}
}

// encodingOf is the Content-Encoding in lower case: all of them, if there are several.
func encodingOf(r *http.Request) string {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ", ")))
	if encoding == "x-gzip" { // as RFC 9110 has it
		return "gzip"
	}
	return encoding
}

// short is an error without what a sender could put into it.
func short(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it is cut off"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return "it is not compressed as Content-Encoding says"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return "its checksum is wrong"
	}
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return "it is damaged"
	}
	return err.Error()
}

func (d *decoders) gzip(h *held, wk *work) (err error) {
	z, _ := d.gzips.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer d.gzips.Put(z)
	if err := z.Reset(bytes.NewReader(wk.packed)); err != nil {
		return err
	}
	wk.body, err = readAll(z, h, wk.body[:0], len(wk.packed)*maxRatio)
	return err
}

func (d *decoders) zstd(h *held, wk *work) (err error) {
	z, _ := d.zstds.Get().(*zstd.Decoder)
	if z == nil {
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxBody), zstd.WithDecoderMaxMemory(maxBody))
		if err != nil {
			return err
		}
	}
	defer func() {
		z.Reset(nil)
		d.zstds.Put(z)
	}()
	if err := z.Reset(bytes.NewReader(wk.packed)); err != nil {
		return err
	}
	wk.body, err = readAll(z, h, wk.body[:0], len(wk.packed)*maxRatio)
	return err
}

// readAll reads r to its end, and not much further than most, which is how far what was
// sent may be decompressed: so a bomb costs little more than what it was allowed.
func readAll(r io.Reader, h *held, buf []byte, most int) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			more := max(cap(buf), firstBuf)
			if err := h.take(more); err != nil {
				return buf, err
			}
			buf = slices.Grow(buf, more)
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+firstBuf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > maxBody:
			return buf, tooLarge
		case len(buf) > max(most, firstBuf):
			return buf, bomb
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}
