package quarantine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// spooled is the quarantine beside an open spool.
type spooled struct {
	spool  *spool.Spool
	stream jetstream.Stream
}

func inSpool(ctx context.Context, s *spool.Spool) (*spooled, error) {
	stream, err := s.JetStream().Stream(ctx, spool.QuarantineStream)
	if err != nil {
		return nil, fmt.Errorf("the quarantine: %w", err)
	}
	return &spooled{s, stream}, nil
}

func (q *spooled) Close() error { return q.spool.Close() }

func (q *spooled) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		info, err := q.stream.Info(ctx)
		if err != nil {
			yield(Entry{}, fmt.Errorf("the quarantine: %w", err))
			return
		}
		for n := info.State.FirstSeq; n > 0 && n <= info.State.LastSeq; {
			m, err := q.stream.GetMsg(ctx, n, jetstream.WithGetMsgSubject(">"))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return
			}
			if err != nil {
				yield(Entry{}, fmt.Errorf("the quarantine: %w", err))
				return
			}
			if m.Sequence > info.State.LastSeq || !yield(entry(m), nil) {
				return
			}
			n = m.Sequence + 1
		}
	}
}

func (q *spooled) Get(ctx context.Context, number uint64) (Entry, error) {
	m, err := q.stream.GetMsg(ctx, number)
	if err != nil {
		return Entry{}, failed(number, err)
	}
	return entry(m), nil
}

func (q *spooled) Retry(ctx context.Context, number uint64) error {
	e, err := q.Get(ctx, number)
	if err != nil {
		return err
	}
	if e.Text == "" {
		return fmt.Errorf("record %d: %w", number, errNoText)
	}
	b := spool.Batch{
		// The same when Retry has published and could not delete.
		ID:    "retry-" + strconv.FormatUint(number, 10) + "-" + strconv.FormatInt(e.At.UnixNano(), 10),
		Trace: e.Trace, Records: 1 + bytes.Count(bytes.TrimRight([]byte(e.Text), "\n"), []byte("\n")),
		Text: append([]byte(e.Text), '\n'), Again: true,
	}
	if err := q.spool.Publish(ctx, []spool.Batch{b})[0].Err; err != nil {
		return fmt.Errorf("record %d: %w", number, err)
	}
	return q.Drop(ctx, number)
}

func (q *spooled) Drop(ctx context.Context, number uint64) error {
	if err := q.stream.DeleteMsg(ctx, number); err != nil {
		return failed(number, err)
	}
	return nil
}

var errNoText = errors.New("its text was not kept, so it cannot be sent again")

func failed(number uint64, err error) error {
	var api *jetstream.APIError
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) ||
		errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeMessageNotFound {
		return fmt.Errorf("record %d: %w", number, ErrNoEntry)
	}
	return fmt.Errorf("record %d: %w", number, err)
}

func entry(m *jetstream.RawStreamMsg) Entry {
	b := spool.DecodeBad(m.Header, m.Data)
	return Entry{Number: m.Sequence, At: m.Time, Trace: b.Trace, Reason: b.Reason, Source: b.Source, Text: string(b.Text)}
}
