package muxroute_test

import (
	"net/http"

	"github.com/gorilla/mux"

	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/muxroute"
	"github.com/sonde-go/sonde/profiler"
)

func ExampleMiddleware() {
	var svc *profiler.Service // made when the program starts

	router := mux.NewRouter()
	router.Use(muxroute.Middleware)
	router.HandleFunc("/users/{id}", func(http.ResponseWriter, *http.Request) {})

	server := &http.Server{Handler: sondehttp.Handler(svc, router)}
	_ = server
}
