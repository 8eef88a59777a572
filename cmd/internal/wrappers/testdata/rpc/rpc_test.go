package rpc

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

type discard struct{}

func (discard) Notify(context.Context, []record.Event) error { return nil }

// TestInterop: gRPC's own interoperability tests take a client; this one is wrapped.
func TestInterop(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	testpb.RegisterTestServiceServer(s, interop.NewTestServer())
	go s.Serve(l)
	defer s.Stop()
	cc, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	svc, err := profiler.New(profiler.Config{Name: "rpc", Sink: discard{}})
	if err != nil {
		t.Fatal(err)
	}
	var client testpb.TestServiceClient = NewTestServiceClientTraced(testpb.NewTestServiceClient(cc))
	for name, run := range map[string]func(context.Context, testpb.TestServiceClient, ...grpc.CallOption){
		"EmptyUnary": interop.DoEmptyUnaryCall, "LargeUnary": interop.DoLargeUnaryCall, "ClientStreaming": interop.DoClientStreaming,
		"ServerStreaming": interop.DoServerStreaming, "PingPong": interop.DoPingPong, "EmptyStream": interop.DoEmptyStream,
		"TimeoutOnSleepingServer": interop.DoTimeoutOnSleepingServer, "CancelAfterBegin": interop.DoCancelAfterBegin,
		"CancelAfterFirstResponse": interop.DoCancelAfterFirstResponse, "CustomMetadata": interop.DoCustomMetadata,
		"StatusCodeAndMessage": interop.DoStatusCodeAndMessage, "SpecialStatusMessage": interop.DoSpecialStatusMessage,
	} {
		t.Run(name, func(t *testing.T) {
			run(t.Context(), client)
			ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
			run(ctx, client)
			root.Stop()
		})
	}
	if err := svc.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if st := svc.Stats(); st.Recorded < 40 {
		t.Errorf("only %d records", st.Recorded)
	}
}
