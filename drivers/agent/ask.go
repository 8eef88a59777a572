package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// maxReply bounds what is read of an answer.
const maxReply = 1 << 20

// reply is the answer of an agent.
type reply struct {
	status     int
	retryAfter string
	body       []byte
}

// question is a request. First is the first of the records in its body.
type question struct {
	method, path string
	body         []byte
	first        *record.Event
	lent         bool // the transport may still read the body
}

// health is the question whether there is an agent.
func health() *question { return &question{method: http.MethodGet, path: "/healthz"} }

// ask sends a request. If nobody answers and the URL says so, it starts the agent and
// sends it again.
func (d *store) ask(ctx context.Context, q *question) (*reply, error) {
	r, err := d.try(ctx, q)
	if d.starter == nil || !errors.Is(err, record.ErrNotSent) || errors.Is(err, fs.ErrPermission) || ctx.Err() != nil {
		return r, err
	}
	if err := d.starter.start(ctx, func(ctx context.Context) error {
		_, err := d.try(ctx, health())
		return err
	}); err != nil {
		return nil, fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return d.try(ctx, q)
}

func (d *store) try(ctx context.Context, q *question) (*reply, error) {
	limited, wait := d.limit.Begin(ctx)
	r, err := d.do(limited, wait, q)
	return r, wait.End(d.explain(err))
}

func (d *store) do(ctx context.Context, wait *kit.Wait, q *question) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, q.method, d.root+q.path, nil)
	if err != nil {
		return nil, err
	}
	if q.body != nil {
		sent := &sending{Reader: bytes.NewReader(q.body)}
		req.Body, req.ContentLength = sent, int64(len(q.body))
		req.Header.Set("Content-Type", "application/x-ndjson")
		q.lent = true
		defer func() { q.lent = err != nil || !sent.done.Load() }()
	}
	if d.token != "" {
		req.Header.Set("Authorization", "Bearer "+d.token)
	}
	if first := q.first; first != nil && first.Seq() != 0 {
		req.Header.Set("Sonde-Producer", fmt.Sprintf("%016x", first.Producer()))
		req.Header.Set("Sonde-First", strconv.FormatUint(first.Seq(), 10))
	}
	resp, err := d.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	r := &reply{status: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After")}
	r.body, err = io.ReadAll(io.LimitReader(wait.Reader(resp.Body), maxReply))
	return r, err
}

// sending is the body of a request. The transport closes it when it has sent it, which
// may be after an answer that comes early.
type sending struct {
	*bytes.Reader
	done atomic.Bool
}

// Close implements [io.Closer].
func (s *sending) Close() error {
	s.done.Store(true)
	return nil
}

// explain says what an error means: whether something may have been sent, and what to
// do.
func (d *store) explain(err error) error {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &op) && op.Op == "dial" && errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: this user may not open the agent's socket (is it in the group that the agent's --socket-group names?): %w", record.ErrNotSent, err)
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("%w: nobody answers at the agent's address (%s): %w", record.ErrNotSent, d.unreached, err)
	case errors.As(err, &cert), errors.As(err, &plain):
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return err
}

// answer is what an agent says to a post.
type answer struct {
	Accepted int            `json:"accepted"`
	Rejected []rejectedLine `json:"rejected"`
	More     int            `json:"more_rejected"` // lines that are not listed
	Error    string         `json:"error"`
}

// rejectedLine is a line that the agent will never take.
type rejectedLine struct {
	Line int    `json:"line"` // from 1
	Text string `json:"error"`
}

func (r rejectedLine) Error() string { return "the agent says: " + oneLine(r.Text) }

var errTooLarge = errors.New("the record is larger than an agent takes")

// verdict says what became of the lines of a post: if err is nil, the agent has taken
// all but those that it rejects.
func (d *store) verdict(r *reply, lines int) (a answer, err error) {
	ours := json.Unmarshal(r.body, &a) == nil
	switch r.status {
	case http.StatusOK, http.StatusBadRequest:
		before := 0
		for _, line := range a.Rejected {
			ours = ours && line.Line > before && line.Line <= lines
			before = line.Line
		}
		rejected := len(a.Rejected) + a.More
		if !ours || a.Accepted+rejected != lines || r.status == http.StatusBadRequest && rejected == 0 {
			return a, r.unexpected()
		}
		return a, nil
	case http.StatusRequestEntityTooLarge:
		return a, errTooLarge
	case http.StatusUnauthorized:
		return a, fmt.Errorf("%w: the agent asks for its token, and this is not it: give it as ?token=…", record.ErrNotSent)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		err := r.unexpected()
		d.notBefore(r.retryAfter, err)
		return a, err
	}
	return a, r.unexpected()
}

// unexpected is the error for an answer by its status. Some lines may have been taken.
func (r *reply) unexpected() error {
	var a answer
	text := http.StatusText(r.status)
	if json.Unmarshal(r.body, &a) == nil && a.Error != "" {
		text = oneLine(a.Error)
	}
	return fmt.Errorf("the agent answers %d: %s", r.status, text)
}

// waiting is the agent's last answer, for as long as it is not asked again.
type waiting struct{ last error }

func (w *waiting) Error() string { return w.last.Error() }

// Is says that nothing was sent.
func (w *waiting) Is(target error) bool { return target == record.ErrNotSent }

// oneLine makes one line of at most 300 bytes of what an agent says.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

func unescape(place string) (string, error) {
	path, err := url.PathUnescape(place)
	if err != nil || strings.ContainsRune(path, 0) {
		return "", errors.New("a percent sign must be followed by two hexadecimal digits")
	}
	return path, nil
}
