package sondeconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/middleware/connect"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"google.golang.org/protobuf/types/known/emptypb"
)

// printer is a sink that prints records.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

func Example() {
	keys, _ := header.ParseKeys("secret")
	svc, _ := profiler.New(profiler.Config{Name: "shop", Host: "h", Keys: keys, Sink: printer{}})

	// The server. What protoc generates takes the same option.
	mux := http.NewServeMux()
	mux.Handle(reserve, connect.NewUnaryHandler(reserve, nothing,
		connect.WithInterceptors(sondeconnect.NewServerInterceptor(svc))))
	srv := httptest.NewServer(mux)

	// The client, usually another program.
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](srv.Client(), srv.URL+reserve,
		connect.WithInterceptors(sondeconnect.NewClientInterceptor()))
	ctx, request := svc.Begin(context.Background(), profiler.Opening{Name: "checkout"})
	_, _ = client.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	request.Stop()

	_, _ = client.CallUnary(context.Background(), connect.NewRequest(&emptypb.Empty{})) // no trace, no point
	srv.Close()
	_ = svc.Close(context.Background())
	// Unordered output:
	// checkout-start {"sonde":{"kind":"internal"},"host":"h"}
	// connect_client-start {"connect":{"procedure":"/shop.Inventory/Reserve"},"sonde":{"kind":"client"},"host":"h"}
	// connect-start {"connect":{"procedure":"/shop.Inventory/Reserve"},"sonde":{"kind":"server"},"host":"h"}
	// connect-stop {"host":"h"}
	// connect_client-stop {"host":"h"}
	// checkout-stop {"host":"h"}
}

func ExampleNewServerInterceptor() {
	mount := func(mux *http.ServeMux, svc *profiler.Service) {
		// What protoc generates takes the same option.
		mux.Handle(reserve, connect.NewUnaryHandler(reserve, nothing,
			connect.WithInterceptors(sondeconnect.NewServerInterceptor(svc))))
	}
	_ = mount
}

func ExampleNewClientInterceptor() {
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](http.DefaultClient, "https://stock.example"+reserve,
		connect.WithInterceptors(sondeconnect.NewClientInterceptor()))
	_ = client
}
