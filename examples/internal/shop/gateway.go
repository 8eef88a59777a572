package shop

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"
	"github.com/nats-io/nats.go"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/muxroute"
	"github.com/sonde-go/sonde/profiler"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// newGateway is the HTTP service: it reserves the goods and publishes the
// order.
func newGateway(svc *profiler.Service, inventoryAddr string, bus *nats.Conn) (http.Handler, func() error, error) {
	conn, err := grpc.NewClient("passthrough:///"+inventoryAddr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor()))
	if err != nil {
		return nil, nil, err
	}
	router := mux.NewRouter()
	router.Use(muxroute.Middleware)
	router.HandleFunc("/orders/{sku}", func(w http.ResponseWriter, r *http.Request) {
		sku := mux.Vars(r)["sku"]
		count, err := strconv.Atoi(r.URL.Query().Get("count"))
		if err != nil || count < 1 {
			http.Error(w, "count is not a number above 0", http.StatusBadRequest)
			return
		}
		price, err := reserve(r.Context(), conn, sku, count)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		order := fmt.Appendf(nil, "%s %d %d", sku, count, price)
		if err := sondenats.Publish(r.Context(), bus, "orders.new", order); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%d x %s for %d\n", count, sku, price)
	})
	return sondehttp.Handler(svc, router), conn.Close, nil
}
