package elasticsearch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/sonde-go/sonde/drivers/internal/tracelist"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/profiler"
)

// maxBody is how many bytes of documents are sent at once. Elasticsearch takes
// 100 MB, hosted ones as little as 10 MB.
const maxBody = 4 << 20

func (d *driver) Notify(ctx context.Context, events []profiler.Event) error {
	if len(events) == 0 {
		return d.client.Usable(ctx)
	}
	s, err := d.ask(ctx, true)
	if err != nil {
		// Nothing was sent, whatever became of the question.
		return fmt.Errorf("%w: %w", profiler.ErrNotSent, err)
	}
	refused, err := d.writeRecords(ctx, &s, events)
	if err != nil {
		return err
	}
	if err := d.writeErrors(ctx, &s, events, refused); err != nil {
		return err
	}
	if len(refused) == 0 {
		return nil
	}
	e := &profiler.RejectedError{}
	for i := range refused {
		e.Indexes = append(e.Indexes, i)
	}
	slices.Sort(e.Indexes)
	e.Err = refused[e.Indexes[0]]
	return e
}

// action is one line of a bulk request, and its document.
type action struct {
	event int // which it is of
	text  []byte
}

func (d *driver) writeRecords(ctx context.Context, s *server, events []profiler.Event) (refused map[int]error, err error) {
	refused = map[int]error{}
	var actions []action
	size := 0
	for i := range events {
		e := &events[i]
		text := append(recordID([]byte(`{"index":{"_id":"`), e), "\"}}\n"...)
		text = append(profiler.AppendRecord(text, e), '\n')
		if size+len(text) > maxBody && size > 0 {
			if err := d.bulk(ctx, s, recordIndex, actions, refused); err != nil {
				return nil, sentBefore(err, i > len(actions))
			}
			actions, size = nil, 0
		}
		actions = append(actions, action{i, text})
		size += len(text)
	}
	sent := len(events) > len(actions)
	return refused, sentBefore(d.bulk(ctx, s, recordIndex, actions, refused), sent)
}

// recordID appends the id of a record's document.
func recordID(b []byte, e *profiler.Event) []byte {
	var text [320]byte
	key := append(e.BaseID.Append(text[:0]), ' ')
	key = append(e.TraceID.Append(key), ' ')
	sum := sha256.Sum256(append(key, e.RecordName()...))
	return hex.AppendEncode(b, sum[:16])
}

// sentBefore hides that this request was not sent, if one before it was.
func sentBefore(err error, sent bool) error {
	if err != nil && sent {
		return partly{err}
	}
	return err
}

// partly is an error that is no profiler.ErrNotSent.
type partly struct{ error }

func (e partly) Is(target error) bool {
	return target != profiler.ErrNotSent && errors.Is(e.error, target)
}

// writeErrors notes the traces with an error. The last of a trace counts.
func (d *driver) writeErrors(ctx context.Context, s *server, events []profiler.Event, refused map[int]error) error {
	if !d.fileErrors {
		return nil
	}
	var actions []action
	for i := range events {
		e := &events[i]
		if refused[i] != nil || !tracelist.HasError(e.Info) {
			continue
		}
		text := append(e.BaseID.Append([]byte(`{"index":{"_id":"`)), "\"}}\n"...)
		text = append(e.BaseID.Append(append(text, `{"base_id":"`...)), `","timestamp":"`...)
		text = append(profiler.AppendTimestamp(text, e.Time), "\"}\n"...)
		actions = append(actions, action{i, text})
	}
	if len(actions) == 0 {
		return nil
	}
	return sentBefore(d.bulk(ctx, s, errorIndex, actions, refused), true)
}

// bulk sends actions for one index and adds to refused the events that will
// never be taken. An error says that some may be missing for another reason.
func (d *driver) bulk(ctx context.Context, s *server, index string, actions []action, refused map[int]error) error {
	var body []byte
	for _, a := range actions {
		body = append(body, a.text...)
	}
	path := "/" + index
	if s.typed {
		path += "/" + url.PathEscape(d.docType)
	}
	reply, err := d.do(ctx, http.MethodPost, path+"/_bulk", typeBulk, body)
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusRequestEntityTooLarge {
		if len(actions) == 1 {
			refused[actions[0].event] = err
			return nil
		}
		half := len(actions) / 2
		if err := d.bulk(ctx, s, index, actions[:half], refused); err != nil {
			return err
		}
		return sentBefore(d.bulk(ctx, s, index, actions[half:], refused), true)
	}
	if err != nil {
		return err
	}
	return results(reply.Body, actions, refused)
}

// results reads the answer to a bulk request.
func results(reply []byte, actions []action, refused map[int]error) error {
	var answer struct {
		Errors bool
		Items  []map[string]struct {
			Status int
			Error  json.RawMessage
		}
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		return fmt.Errorf("the answer of Elasticsearch cannot be read: %w", err)
	}
	if len(answer.Items) != len(actions) {
		if cause, ok := jsontext.Member(reply, "error"); ok && string(cause) != "null" {
			_, text := reason(cause)
			return fmt.Errorf("Elasticsearch took %d of %d documents: %s", len(answer.Items), len(actions), text)
		}
		return fmt.Errorf("Elasticsearch took %d of %d documents", len(answer.Items), len(actions))
	}
	if !answer.Errors {
		return nil
	}
	var failed error
	for i, item := range answer.Items {
		for _, result := range item {
			if result.Status/100 == 2 || result.Status == 0 {
				continue
			}
			_, text := reason(result.Error)
			err := &statusError{status: result.Status, text: text}
			switch result.Status {
			case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
				refused[actions[i].event] = err
			default:
				failed = partly{err}
			}
		}
	}
	return failed
}
