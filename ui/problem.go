package ui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/internal/traces"
)

// problem is how the API says what is wrong: problem details, RFC 9457.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// writeProblem answers with what is wrong. Its text may be hostile.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	h := w.Header()
	h.Del("Link")
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(append(problemJSON(status, detail), '\n')) // whoever asked may have gone
}

func problemJSON(status int, detail string) []byte {
	text, _ := json.Marshal(problem{http.StatusText(status), status, terminal.Clean(strings.TrimPrefix(detail, "sonde: "))}) // of plain texts: no error
	return text
}

func problemHandler(status int, detail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeProblem(w, status, detail) })
}

// statusError is an error with a status of its own.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// statusOf is whose fault an error is.
func statusOf(err error) int {
	var own *statusError
	var large *http.MaxBytesError
	var store *drivers.Error
	switch {
	case errors.As(err, &own):
		return own.status
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, traces.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, errors.ErrUnsupported):
		return http.StatusNotImplemented
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.As(err, &store):
		return http.StatusBadGateway
	}
	return http.StatusBadRequest
}
