package elasticsearch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// maxBody is how many bytes of documents are sent at once. Elasticsearch takes
// 100 MB, hosted ones as little as 10 MB.
const maxBody = 4 << 20

func (d *store) Notify(ctx context.Context, events []record.Event) error {
	if len(events) == 0 {
		return nil
	}
	s, err := d.ask(ctx, true)
	if err != nil {
		// Nothing was sent, whatever became of the question.
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	refused := map[int]error{}
	err = d.writeRecords(ctx, &s, events, refused)
	if err == nil {
		err = d.writeErrors(ctx, &s, events, refused)
	}
	if len(refused) == 0 || err != nil && ctx.Err() == nil {
		return err
	}
	// Also when the time is over: the rest is sent again without what has been
	// found out to be in its way.
	e := &record.RejectedError{}
	for i := range refused {
		e.Indexes = append(e.Indexes, i)
	}
	slices.Sort(e.Indexes)
	e.Err = refused[e.Indexes[0]]
	return e
}

func (d *store) writeRecords(ctx context.Context, s *server, events []record.Event, refused map[int]error) error {
	var actions []action
	size := 0
	for i := range events {
		e := &events[i]
		id := string(recordID(nil, e))
		text := []byte(`{"index":{"_id":"` + id + "\"}}\n")
		text = append(e.AppendJSON(text), '\n')
		if size+len(text) > maxBody && size > 0 {
			if err := d.bulk(ctx, s, recordIndex, actions, refused); err != nil {
				return kit.Partly(err, i > len(actions))
			}
			actions, size = nil, 0
		}
		actions = append(actions, action{i, id, text})
		size += len(text)
	}
	sent := len(events) > len(actions)
	return kit.Partly(d.bulk(ctx, s, recordIndex, actions, refused), sent)
}

// recordID appends the id of a record's document.
func recordID(b []byte, e *record.Event) []byte {
	var text [320]byte
	key := append(e.Trace().Append(text[:0]), ' ')
	key = append(e.Point().Append(key), ' ')
	sum := sha256.Sum256(append(key, e.RecordName()...))
	return hex.AppendEncode(b, sum[:16])
}

// writeErrors notes the traces with an error. The last of a trace counts.
func (d *store) writeErrors(ctx context.Context, s *server, events []record.Event, refused map[int]error) error {
	if !d.fileErrors {
		return nil
	}
	var actions []action
	for i := range events {
		e := &events[i]
		if refused[i] != nil || !kit.HasError(e.Info()) {
			continue
		}
		id := e.Trace().String()
		text := []byte(`{"index":{"_id":"` + id + "\"}}\n" + `{"base_id":"` + id + `","timestamp":"`)
		text = append(record.AppendTimestamp(text, e.Time()), "\"}\n"...)
		actions = append(actions, action{i, id, text})
	}
	if len(actions) == 0 {
		return nil
	}
	return kit.Partly(d.bulk(ctx, s, errorIndex, actions, refused), true)
}
