package muxroute_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/mux"

	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/muxroute"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// printer is a sink that prints records.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

func ExampleMiddleware() {
	svc, _ := profiler.New(profiler.Config{Name: "shop", Host: "h", Sink: printer{},
		Sampler: profiler.Admit(func(context.Context, profiler.Arrival) bool { return true })})

	router := mux.NewRouter()
	router.Use(muxroute.Middleware)
	router.HandleFunc("/users/{id}", func(http.ResponseWriter, *http.Request) {})
	handler := sondehttp.Handler(svc, router)

	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/users/7", nil))
	_ = svc.Close(context.Background())
	// Output:
	// http-start {"request":{"method":"GET","scheme":"http","path":"/users/7","query":""},"host":"h"}
	// http-stop {"response":{"status_code":200,"bytes":0,"route":"/users/{id}"},"host":"h"}
}
