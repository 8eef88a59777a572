package quarantine

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// Path is the folder of what Handler answers.
const Path = "/v1/quarantine/"

// Handler is how an agent lets others look after the quarantine beside its spool:
//
//	GET    /v1/quarantine/          the entries, one object of JSON a line, the oldest first
//	GET    /v1/quarantine/17        one of them
//	POST   /v1/quarantine/17/retry  its record is put into the spool again
//	DELETE /v1/quarantine/17        it is deleted
//
// An answer other than 200 has a member "error"; a list that failed half way has it in its
// last line. Who may ask is for the caller to decide.
func Handler(s *spool.Spool) http.Handler {
	mux := http.NewServeMux()
	on := func(pattern string, do func(q *spooled, w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			q, err := inSpool(r.Context(), s)
			if err == nil {
				err = do(q, w, r)
			}
			if err != nil {
				w.WriteHeader(status(err))
				_ = json.NewEncoder(w).Encode(line{Error: err.Error()})
			}
		})
	}
	one := func(pattern string, do func(q *spooled, r *http.Request, number uint64) (Entry, error)) {
		on(pattern, func(q *spooled, w http.ResponseWriter, r *http.Request) error {
			number, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
			if err != nil {
				return errNumber
			}
			e, err := do(q, r, number)
			if err == nil {
				_ = json.NewEncoder(w).Encode(e) // who has gone needs no answer
			}
			return err
		})
	}
	on("GET "+Path+"{$}", func(q *spooled, w http.ResponseWriter, r *http.Request) error { return q.write(w, r) })
	one("GET "+Path+"{number}", func(q *spooled, r *http.Request, n uint64) (Entry, error) { return q.Get(r.Context(), n) })
	one("POST "+Path+"{number}/retry", func(q *spooled, r *http.Request, n uint64) (Entry, error) {
		return Entry{Number: n}, q.Retry(r.Context(), n)
	})
	one("DELETE "+Path+"{number}", func(q *spooled, r *http.Request, n uint64) (Entry, error) {
		return Entry{Number: n}, q.Drop(r.Context(), n)
	})
	return mux
}

// line is one of a list, or an answer that is an error.
type line struct {
	*Entry
	Error string `json:"error,omitempty"`
}

var errNumber = errors.New("the number of a record is a whole one")

func status(err error) int {
	switch {
	case errors.Is(err, errNumber):
		return http.StatusBadRequest
	case errors.Is(err, ErrNoEntry):
		return http.StatusNotFound
	case errors.Is(err, errNoText):
		return http.StatusConflict
	}
	return http.StatusServiceUnavailable
}

// write writes the list. An error is returned if nothing was written before it.
func (q *spooled) write(w http.ResponseWriter, r *http.Request) error {
	out := json.NewEncoder(w)
	first := true
	for e, err := range q.All(r.Context()) {
		if err != nil && first {
			return err
		}
		l := line{Entry: &e}
		if err != nil {
			l = line{Error: err.Error()}
		}
		if out.Encode(l) != nil {
			return nil // who asked has gone
		}
		first = false
	}
	return nil
}
