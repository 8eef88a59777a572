package sondeconnect_test

import (
	"context"
	"math"
	"testing"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/middleware/connect"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"google.golang.org/protobuf/types/known/emptypb"
)

// encode is a sink that encodes each record as it would be stored.
type encode struct{ buf []byte }

func (e *encode) Notify(_ context.Context, events []record.Event) error {
	e.buf = e.buf[:0]
	for i := range events {
		e.buf = append(events[i].AppendJSON(e.buf), '\n')
	}
	return nil
}

// BenchmarkServer is what the interceptor adds to a unary call, see docs/layers.md.
func BenchmarkServer(b *testing.B) {
	keys, err := header.ParseKeys("the key of the measurements")
	if err != nil {
		b.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{Name: "shop", Host: "host-a", Keys: keys, Sink: &encode{},
		Limits: profiler.LimitConfig{Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt}})
	if err != nil {
		b.Fatal(err)
	}
	defer svc.Close(context.Background())
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID(), ParentID: header.NewID()})
	next := func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) { return nil, nil }
	server := sondeconnect.NewServerInterceptor(svc).WrapUnary(next)
	for _, call := range []struct {
		name string
		f    connect.UnaryFunc
		sign bool
	}{
		{"bare", next, false},
		{"off", server, false},
		{"on", server, true},
	} {
		b.Run(call.name, func(b *testing.B) {
			r := connect.NewRequest(&emptypb.Empty{})
			if call.sign {
				signed.Write(r.Header())
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call.f(context.Background(), r); err != nil {
					b.Fatal(err)
				}
			}
			if err := svc.Flush(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
