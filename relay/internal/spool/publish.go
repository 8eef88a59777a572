package spool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// ErrFull is wrapped by the error of a batch for which the spool has no room.
var ErrFull = errors.New("the spool is full")

// Result is what became of a batch.
type Result struct {
	Err      error // nil: it is in the spool
	Repeated bool  // and was there before
}

const (
	// together is how many messages are published as one: what a server takes by
	// default (1000) and more, and a bound for the memory that it takes.
	together = 500

	// fewest is how many are worth being published as one.
	fewest = 3
)

// Publish puts batches into the spool and returns the result of each, in their
// order. What has no error is there by the spool's sync policy; of what has one it may
// be unknown: publish it again under the same id. The batches may be used again
// once it has returned. It is safe for concurrent use.
func (s *Spool) Publish(ctx context.Context, batches []Batch) []Result {
	return publish(ctx, s, s.blocks, batches, (*Batch).message)
}

func publish[T any](ctx context.Context, s *Spool, to *blocks, all []T, message func(*T) *nats.Msg) []Result {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	if down := s.down(); down != nil {
		var fail context.CancelCauseFunc
		ctx, fail = context.WithCancelCause(ctx)
		defer fail(nil)
		go func() {
			select {
			case <-down:
				fail(ErrDisk)
			case <-ctx.Done():
			}
		}()
	}
	results := make([]Result, 0, len(all))
	messages := make([]*nats.Msg, 0, min(len(all), together))
	for len(all) > 0 {
		messages = messages[:0]
		for i := range all[:min(len(all), together)] {
			messages = append(messages, message(&all[i]))
		}
		results = append(results, s.publishSome(ctx, messages)...)
		all = all[len(messages):]
	}
	for i := range results {
		switch err := results[i].Err; {
		case errors.Is(err, context.Canceled):
			results[i].Err = context.Cause(ctx)
		case s.own != nil && errors.Is(err, nats.ErrNoResponders):
			s.own.fail() // JetStream has stopped
		}
	}
	if to != nil {
		s.sync(to, results)
	}
	return results
}

// sync syncs what the server has acknowledged; what was there before may not have been
// synced yet either. After an error of the disk nobody knows what is on it.
func (s *Spool) sync(b *blocks, results []Result) {
	if !slices.ContainsFunc(results, func(r Result) bool { return r.Err == nil }) {
		return
	}
	err := b.sync()
	if err == nil {
		return
	}
	for i := range results {
		if results[i].Err == nil {
			results[i] = Result{Err: fmt.Errorf("%w: %w", ErrDisk, err)}
		}
	}
	s.own.fail()
}

// publishSome publishes messages as one where that is worth it, and
// else one by one without waiting in between. A server takes none of the messages if
// it has one of them already or if it has other publications under way: each one for
// itself is then the answer too.
func (s *Spool) publishSome(ctx context.Context, messages []*nats.Msg) []Result {
	if s.atomic && len(messages) >= fewest {
		err := s.publishAtomic(ctx, messages)
		var refused *jetstream.APIError
		if !errors.As(err, &refused) || errors.Is(err, ErrFull) {
			results := make([]Result, len(messages))
			for i := range results {
				results[i].Err = err
			}
			return results
		}
	}
	return s.publishEach(ctx, messages)
}

const (
	batchIDHeader     = "Nats-Batch-Id"
	batchSeqHeader    = "Nats-Batch-Sequence"
	batchCommitHeader = "Nats-Batch-Commit"
)

// publishAtomic publishes messages as one. Only the last one is answered.
func (s *Spool) publishAtomic(ctx context.Context, messages []*nats.Msg) error {
	id := []string{nuid.Next()}
	last := len(messages) - 1
	defer func() {
		for _, m := range messages {
			delete(m.Header, batchIDHeader)
			delete(m.Header, batchSeqHeader)
			delete(m.Header, batchCommitHeader)
		}
	}()
	for i, m := range messages {
		m.Header[batchIDHeader] = id
		m.Header[batchSeqHeader] = []string{strconv.Itoa(i + 1)}
		if i < last {
			if err := s.conn.PublishMsg(m); err != nil {
				return explain(err)
			}
		}
	}
	messages[last].Header[batchCommitHeader] = []string{"1"}
	answer, err := s.conn.RequestMsgWithContext(ctx, messages[last])
	if err != nil {
		return explain(err)
	}
	var said struct {
		Stream string              `json:"stream"`
		Error  *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &said); err != nil || said.Error == nil && said.Stream == "" {
		return fmt.Errorf("the server's answer to a publication is %q", answer.Data)
	}
	if said.Error != nil {
		return explain(said.Error)
	}
	return nil
}

// publishEach publishes messages one by one and waits for all acknowledgements.
func (s *Spool) publishEach(ctx context.Context, messages []*nats.Msg) []Result {
	results := make([]Result, len(messages))
	futures := make([]jetstream.PubAckFuture, len(messages))
	for i, m := range messages {
		futures[i], results[i].Err = s.js.PublishMsgAsync(m, jetstream.WithRetryAttempts(0))
	}
	for i, f := range futures {
		if f == nil {
			results[i].Err = explain(results[i].Err)
			continue
		}
		select {
		case ack := <-f.Ok():
			results[i].Repeated = ack.Duplicate
		case err := <-f.Err():
			results[i].Err = explain(err)
		case <-ctx.Done():
			results[i].Err = explain(ctx.Err())
		}
	}
	return results
}

// Codes of JetStream, see its errors.json.
const (
	noResources     = 10023
	noStorage       = 10047
	accountExceeded = 10002
	storeFailed     = 10077
)

// explain says what an error of NATS means for the spool.
func explain(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api):
		switch {
		case api.ErrorCode == noResources, api.ErrorCode == noStorage, api.ErrorCode == accountExceeded,
			api.ErrorCode == storeFailed && strings.Contains(api.Description, "maximum"):
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the spool does not answer: %w", err)
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse):
		return fmt.Errorf("nobody keeps the stream %s (is JetStream out of disk, or without a leader?): %w", StreamName, err)
	}
	return err
}
