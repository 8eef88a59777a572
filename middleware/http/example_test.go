package sondehttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// printer is a sink that prints what is recorded.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		var info map[string]any
		_ = json.Unmarshal(events[i].Info(), &info)
		delete(info, "host")
		fmt.Println(events[i].RecordName(), info)
	}
	return nil
}

// silent is one that prints nothing.
type silent struct{}

func (silent) Notify(context.Context, []record.Event) error { return nil }

func service(sink record.Sink) *profiler.Service {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Keys: keys, Sink: sink})
	return svc
}

func ExampleHandler() {
	svc := service(printer{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "order ", r.PathValue("id"))
	})
	h := sondehttp.Handler(svc, mux) // for http.Server.Handler

	// A request that asks to be traced.
	keys, _ := header.ParseKeys("secret")
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID()})
	info, mac := signed.Info, signed.HMAC
	r := httptest.NewRequest("GET", "/orders/7", nil)
	r.Header.Set(header.InfoName, info)
	r.Header.Set(header.HMACName, mac)
	h.ServeHTTP(httptest.NewRecorder(), r)

	_ = svc.Close(context.Background())
	// Output:
	// http-start map[request:map[method:GET path:/orders/7 query: scheme:http]]
	// http-stop map[response:map[bytes:7 route:GET /orders/{id} status_code:200]]
}

func ExampleTransport() {
	client := &http.Client{
		Transport: sondehttp.Transport(nil, sondehttp.AllowHosts("*.internal.example", "127.0.0.1")),
	}
	stock := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("signed:", r.Header.Get(header.HMACName) != "")
	}))
	defer stock.Close()

	// In a handler, ctx is the request's context.
	svc := service(silent{})
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "checkout"})
	r, _ := http.NewRequestWithContext(ctx, "GET", stock.URL, nil)
	if res, err := client.Do(r); err == nil {
		_ = res.Body.Close()
	}
	p.Stop()
	client.CloseIdleConnections()
	_ = svc.Close(context.Background())
	// Output:
	// signed: true
}

// Where a middleware between Handler and the mux copies the request.
func ExampleRecordRoute() {
	svc := service(silent{})
	defer func() { _ = svc.Close(context.Background()) }()
	mux := http.NewServeMux()
	authenticated := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			type user struct{}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), user{}, "ann")))
		})
	}
	_ = sondehttp.Handler(svc, authenticated(sondehttp.RecordRoute(mux)))
}
