package loginsight

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// ingestPath ends in the id under which OSProfiler sends events.
const ingestPath = "/api/v1/events/ingest/F52D775B-6017-4787-8C8A-F21AE0AEC057"

// What Log Insight takes at once: 500 events, 4 MB.
const (
	maxEvents = 500
	maxBody   = 3500000
)

// message is an event as it is sent.
type message struct {
	event int // which it is of
	text  []byte
}

func (d *store) Notify(ctx context.Context, events []record.Event) error {
	var refused record.RejectedError
	var messages []message
	size, sent := 0, false
	flush := func() error {
		if len(messages) == 0 {
			return nil
		}
		err := kit.Partly(d.ingest(ctx, messages, &refused), sent)
		messages, size, sent = nil, 0, true
		return err
	}
	for i := range events {
		text := appendMessage(nil, &events[i])
		if len(messages) == maxEvents || size+len(text) > maxBody {
			if err := flush(); err != nil {
				return err
			}
		}
		messages = append(messages, message{i, text})
		size += len(text)
	}
	if err := flush(); err != nil {
		return err
	}
	if len(refused.Indexes) == 0 {
		return nil
	}
	slices.Sort(refused.Indexes)
	return &refused
}

// appendMessage appends a record as the JSON of an event.
func appendMessage(b []byte, e *record.Event) []byte {
	field := func(name, content string) {
		b = append(append(append(b, `{"name":"`...), name...), `","content":`...)
		b = append(jsontext.AppendString(b, content), '}')
	}
	b = append(b, `{"text":"OSProfiler trace","fields":[`...)
	field("base_id", e.Trace().String())
	b = append(b, ',')
	field("trace_id", e.Point().String())
	b = append(b, ',')
	field("project", e.Project())
	b = append(b, ',')
	field("service", e.Service())
	b = append(b, ',')
	field("name", e.RecordName())
	b = append(b, ',')
	field("trace", string(e.JSON()))
	return append(b, "]}"...)
}

// ingest sends messages. The server says that one of them is wrong, and not
// which.
func (d *store) ingest(ctx context.Context, messages []message, refused *record.RejectedError) error {
	return kit.Halve(messages,
		func(messages []message) error { return d.post(ctx, messages) },
		func(err error) bool {
			var status *statusError
			return errors.As(err, &status) && (status.status == http.StatusBadRequest || status.status == http.StatusRequestEntityTooLarge)
		},
		func(m message, err error) {
			refused.Indexes = append(refused.Indexes, m.event)
			refused.Err = err
		})
}

func (d *store) post(ctx context.Context, messages []message) error {
	body := []byte(`{"events":[`)
	for i, m := range messages {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, m.text...)
	}
	r := webstore.Request{Method: http.MethodPost, URL: d.root + ingestPath, Body: append(body, "]}"...)}
	_, err := d.send(ctx, r, "")
	if wantsLogin(err) { // which servers can be set to
		_, err = d.asUser(ctx, r)
	}
	return err
}
