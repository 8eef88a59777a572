package sondeconnect_test

import (
	"net/http"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/middleware/connect"
	"github.com/sonde-go/sonde/profiler"
	"google.golang.org/protobuf/types/known/emptypb"
)

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
