package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// action is one line of a bulk request, and its document.
type action struct {
	event int // which it is of
	id    string
	text  []byte
}

// silences is how often a document is sent whose fate the answers do not mention.
const silences = 3

// bulk sends actions for one index and adds to refused the events that will
// never be taken. An error says that some may be missing for another reason.
//
// Documents that the answer does not mention are sent again without those that are
// settled, then in smaller requests. One that is not mentioned even when it is sent
// alone is refused, or it and everything queued after it would be sent for ever.
func (d *store) bulk(ctx context.Context, s *server, index string, actions []action, refused map[int]error) error {
	sent := false // with an answer that does not tell
	err := kit.Halve(actions,
		func(actions []action) error { return d.settle(ctx, s, index, actions, refused) },
		func(err error) bool {
			var status *statusError
			var silent untoldError
			sent = sent || errors.As(err, &silent)
			return sent || errors.As(err, &status) && status.status == http.StatusRequestEntityTooLarge
		},
		func(a action, err error) { refused[a.event] = err })
	return kit.Partly(err, sent)
}

// untoldError is the error of documents of which the answers say nothing.
type untoldError struct{ error }

// settle sends actions until the answers tell of each of them.
func (d *store) settle(ctx context.Context, s *server, index string, actions []action, refused map[int]error) error {
	for try := 1; ; try++ {
		reply, err := d.send(ctx, s, index, actions)
		var untold []action
		if err == nil {
			untold, err = results(reply, actions, refused)
		}
		switch {
		case err != nil:
			return kit.Partly(err, try > 1)
		case len(untold) == 0:
			return nil
		case len(untold) < len(actions):
			return kit.Partly(d.bulk(ctx, s, index, untold, refused), true)
		case len(actions) > 1 || try == silences:
			return untoldError{silence(reply)}
		}
	}
}

func (d *store) send(ctx context.Context, s *server, index string, actions []action) ([]byte, error) {
	var body []byte
	for _, a := range actions {
		body = append(body, a.text...)
	}
	path := "/" + index
	if s.typed {
		path += "/" + url.PathEscape(d.docType)
	}
	reply, err := d.do(ctx, http.MethodPost, path+"/_bulk", typeBulk, body)
	if err != nil {
		return nil, err
	}
	return reply.Body, nil
}

// results reads the answer to a bulk request and returns the actions that it does
// not mention. Its items are in the order of the actions; if some are missing, they
// are matched by id.
func results(reply []byte, actions []action, refused map[int]error) (untold []action, err error) {
	var answer struct {
		Took   json.RawMessage
		Errors bool
		Items  []json.RawMessage
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		return nil, fmt.Errorf("the answer of Elasticsearch cannot be read: %w", err)
	}
	if answer.Took == nil && answer.Items == nil {
		return nil, silence(reply) // of something else, or of nothing that works
	}
	all := len(answer.Items) == len(actions)
	if all && !answer.Errors {
		return nil, nil
	}
	next := 0 // of items
	for i := range actions {
		var told *result
		for at := next; at < len(answer.Items) && told == nil; at++ {
			r := readItem(answer.Items[at])
			if all || r != nil && r.ID == actions[i].id {
				next = at + 1
				told = r
				break
			}
		}
		switch {
		case told == nil:
			untold = append(untold, actions[i])
		case told.Status == http.StatusBadRequest, told.Status == http.StatusRequestEntityTooLarge:
			refused[actions[i].event] = told.failure()
		case told.Status/100 != 2:
			err = kit.Partly(told.failure(), true)
		}
	}
	return untold, err
}

// result is what became of one action.
type result struct {
	ID     string `json:"_id"`
	Status int
	Error  json.RawMessage
}

// readItem returns nil if the item does not tell.
func readItem(item []byte) *result {
	var named map[string]*result
	if json.Unmarshal(item, &named) != nil {
		return nil
	}
	for _, r := range named {
		if r != nil && r.Status != 0 {
			return r
		}
	}
	return nil
}

func (r *result) failure() error {
	_, text := reason(r.Error)
	return &statusError{status: r.Status, text: text}
}

// silence is the error of an answer without a word on what was sent.
func silence(reply []byte) error {
	const text = "Elasticsearch does not say what became of a document"
	if cause, ok := jsontext.Member(reply, "error"); ok && string(cause) != "null" {
		_, why := reason(cause)
		return errors.New(text + ": " + why)
	}
	return errors.New(text)
}
