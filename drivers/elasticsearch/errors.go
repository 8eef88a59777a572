package elasticsearch

import (
	"fmt"
	"net/http"

	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// statusError is a reply that is not one of success.
type statusError struct {
	status int
	kind   string // such as "index_not_found_exception"
	text   string
}

func newStatusError(r *webstore.Reply) *statusError {
	e := &statusError{status: r.Status}
	cause := jsontext.Get(r.Body, "error")
	if cause == nil {
		cause = r.Body
	}
	e.kind, e.text = reason(cause)
	return e
}

// reason reads what Elasticsearch says of an error, an object with a type and
// a reason. Others say it in a string, proxies in HTML.
func reason(cause []byte) (kind, text string) {
	kind, _ = jsontext.Text(jsontext.Get(cause, "type"))
	text, ok := jsontext.Text(jsontext.Get(cause, "reason"))
	if !ok { // it need not even be JSON
		text = string(cause)
		if jsontext.Skip(cause, 0) == len(cause) && len(cause) > 0 && cause[0] == '"' {
			text, _ = jsontext.Text(cause)
		}
	}
	if kind != "" {
		text = kind + ": " + text
	}
	return kind, webstore.Line([]byte(text))
}

func (e *statusError) Error() string {
	switch e.status {
	case http.StatusUnauthorized:
		return "Elasticsearch does not know the user, or the password is wrong (401)"
	case http.StatusForbidden:
		return "the user may not do that (403): " + e.text
	}
	if e.text == "" {
		return fmt.Sprintf("Elasticsearch answers %d %s", e.status, http.StatusText(e.status))
	}
	return fmt.Sprintf("Elasticsearch answers %d: %s", e.status, e.text)
}

// Is makes replies that say that nothing was done match record.ErrNotSent.
func (e *statusError) Is(target error) bool {
	if target != record.ErrNotSent {
		return false
	}
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return true
	}
	return false
}
