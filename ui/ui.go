package ui

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"github.com/sonde-go/sonde/drivers"
)

// Options say who may use a viewer.
type Options struct {
	// Token is what a browser or a program has to know; "" if whoever reaches the
	// viewer may use it, as on a loopback address. See [Token].
	Token string

	// Hosts are names by which browsers reach the viewer, besides localhost and
	// addresses in figures. Requests for other names are refused, since any site
	// can let its name lead here.
	Hosts []string
}

const (
	// atOnce is how many answers are worked on at a time. Others wait.
	atOnce = 4

	// answerTimeout bounds one answer.
	answerTimeout = 2 * time.Minute

	// mostTails is how many browsers may follow traces at a time.
	mostTails = 16
)

// viewer is the handler that New makes.
type viewer struct {
	store *drivers.Store
	turns chan struct{} // one for each answer that is worked on
	tails chan struct{} // one for each that is followed
}

// New returns a viewer over a store, which stays the caller's. It is safe for
// concurrent use. Requests that follow traces end when their contexts do, so a server
// whose BaseContext ends can shut down at once.
func New(store *drivers.Store, o Options) http.Handler {
	v := &viewer{store: store, turns: make(chan struct{}, atOnce), tails: make(chan struct{}, mostTails)}
	return newGuard(o, v.routes())
}

// The API's paths begin so.
const apiPrefix = "/api/v1"

// endpoint is one of the API's.
type endpoint struct {
	method, path string
	handler      http.Handler
}

// endpoints are what openapi.json describes.
func (v *viewer) endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/openapi.json", v.answer(v.describe)},
		{http.MethodGet, "/store", v.answer(v.aboutStore)},
		{http.MethodGet, "/traces", v.answer(v.list)},
		{http.MethodGet, "/traces/{trace}", v.answer(v.trace)},
		{http.MethodGet, "/traces/{trace}/findings", v.answer(v.findings)},
		{http.MethodGet, "/traces/{trace}/points/{point}", v.answer(v.point)},
		{http.MethodGet, "/traces/{trace}/tail", v.follow(v.tailOne)},
		{http.MethodGet, "/diff", v.answer(v.diff)},
		{http.MethodGet, "/stats", v.answer(v.stats)},
		{http.MethodGet, "/tail", v.follow(v.tail)},
		{http.MethodPost, "/file", v.answer(v.file)},
	}
}

// routes are all that the viewer answers.
func (v *viewer) routes() *mux.Router {
	router := mux.NewRouter().UseEncodedPath() // an id may hold anything
	for _, e := range v.endpoints() {
		router.Handle(apiPrefix+e.path, e.handler).Methods(e.method)
	}
	v.pages(router)
	router.NotFoundHandler = problemHandler(http.StatusNotFound, "there is nothing here")
	router.MethodNotAllowedHandler = problemHandler(http.StatusMethodNotAllowed, "this cannot be asked for in this way")
	return router
}

// answer makes a handler of a function that answers or fails. Its context is bounded,
// and it waits for its turn.
func (v *viewer) answer(do func(http.ResponseWriter, *http.Request, *params) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
		defer cancel()
		select {
		case v.turns <- struct{}{}:
			defer func() { <-v.turns }()
		case <-ctx.Done():
			return // nobody waits for the answer
		}
		out := &started{ResponseWriter: w}
		if err := do(out, r.WithContext(ctx), newParams(r)); err != nil {
			out.fail(err)
		}
	})
}

// started knows whether an answer has begun.
type started struct {
	http.ResponseWriter
	yes bool
}

func (s *started) WriteHeader(status int) {
	s.yes = true
	s.ResponseWriter.WriteHeader(status)
}

func (s *started) Write(b []byte) (int, error) {
	if !s.yes {
		if s.Header().Get("Content-Type") == "" {
			s.Header().Set("Content-Type", "application/json")
		}
		s.yes = true
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (s *started) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// fail answers with an error, or breaks an answer off that has begun: its reader must
// not take it for the whole.
func (s *started) fail(err error) {
	if s.yes {
		panic(http.ErrAbortHandler)
	}
	writeProblem(s, statusOf(err), err.Error())
}

// pathVar is a part of the path, by its name in the route.
func pathVar(r *http.Request, name string) string {
	text, err := url.PathUnescape(mux.Vars(r)[name])
	if err != nil {
		return mux.Vars(r)[name]
	}
	return text
}
