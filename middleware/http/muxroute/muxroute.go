// Package muxroute tells sondehttp which gorilla/mux route serves a request.
//
// gorilla/mux runs middleware only for requests that match a route. So the point
// itself is made outside the router by [sondehttp.Handler], which sees 404 and 405
// too:
//
//	router := mux.NewRouter()
//	router.Use(muxroute.Middleware)
//	server.Handler = sondehttp.Handler(svc, router)
package muxroute

import (
	"net/http"

	"github.com/gorilla/mux"

	sondehttp "github.com/sonde-go/sonde/middleware/http"
)

// Middleware records the route's path template, "/users/{id}", in the point of
// the request. It records nothing for a route without a path.
//
// It also removes the temporary files of a multipart form when the handler
// returns. net/http cannot, since gorilla/mux gives its handlers a copy of the
// request and net/http does not see the form in it.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route := mux.CurrentRoute(r); route != nil {
			if template, err := route.GetPathTemplate(); err == nil {
				sondehttp.SetRoute(r.Context(), template)
			}
		}
		defer func() {
			if r.MultipartForm != nil {
				_ = r.MultipartForm.RemoveAll()
			}
		}()
		next.ServeHTTP(w, r)
	})
}
