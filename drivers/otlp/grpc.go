package otlp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sonde-go/sonde/record"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// exportMethod is OTLP/gRPC's only method for traces:
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/trace/v1/trace_service.proto
const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

type grpcTransport struct {
	target *target
	conn   *grpc.ClientConn
}

func (t *target) dialGRPC(timeout time.Duration) (transport, error) {
	creds := insecure.NewCredentials()
	if t.tls != nil {
		creds = credentials.NewTLS(t.tls)
	}
	conn, err := grpc.NewClient("dns:///"+t.host,
		grpc.WithTransportCredentials(creds),
		grpc.WithUserAgent("sonde"),
		grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: timeout,
		}))
	if err != nil {
		return nil, fmt.Errorf("gRPC: %w", err)
	}
	return &grpcTransport{target: t, conn: conn}, nil
}

func (g *grpcTransport) send(ctx context.Context, request []byte) (reply []byte, err error) {
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(g.target.headers))
	var server peer.Peer
	err = g.conn.Invoke(ctx, exportMethod, &request, &reply, grpc.ForceCodec(rawCodec{}), grpc.Peer(&server))
	if err == nil {
		return reply, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	st := status.Convert(err)
	err = &shownError{text: fmt.Sprintf("OTLP at %s: %s: %s", g.target.host, st.Code(), g.target.hide(st.Message())), err: err}
	switch code := st.Code(); {
	case server.Addr == nil: // there was no connection
		return nil, fmt.Errorf("%w: %w", record.ErrNotSent, err)
	case code == codes.ResourceExhausted && strings.Contains(st.Message(), "larger than max"):
		return nil, fmt.Errorf("%w: %w", errTooLarge, err)
	case code == codes.InvalidArgument:
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	case code == codes.Unimplemented, code == codes.Unauthenticated, code == codes.PermissionDenied:
		return nil, fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return nil, err
}

func (g *grpcTransport) close() error { return g.conn.Close() }

// rawCodec passes protobuf through, which is already encoded.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
