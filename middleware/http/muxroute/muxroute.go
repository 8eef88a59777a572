// Package muxroute tells sondehttp which gorilla/mux route serves a request.
//
// gorilla/mux runs middleware only for requests that match a route, so the
// point itself is made by [sondehttp.Handler] outside of the router, which
// sees 404 and 405 too:
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
// the request. A route without a path has none.
//
// It also removes the temporary files of a multipart form when the handler
// returns. net/http would do that, but does not see the form, since gorilla/mux
// gives its handlers a copy of the request.
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
