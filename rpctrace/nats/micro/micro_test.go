package sondemicro_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondenats "github.com/sonde-go/sonde/rpctrace/nats"
	sondemicro "github.com/sonde-go/sonde/rpctrace/nats/micro"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func TestService(t *testing.T) {
	nc, err := nats.Connect(natstest.NATS(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	shop, sent := profilertest.New(t, "shop")
	prices, received := profilertest.New(t, "prices")
	service, err := micro.AddService(nc, micro.Config{
		Name: "prices", Version: "1.0.0",
		Endpoint: &micro.EndpointConfig{Subject: "price", Handler: sondemicro.Handler(prices, func(ctx context.Context, r micro.Request) {
			_, p := profiler.Start(ctx, "inside")
			p.Stop()
			if len(r.Data()) == 0 {
				_ = r.Error("404", "no such thing", nil)
				return
			}
			_ = r.RespondJSON(42)
		}, sondemicro.WithName("price"))},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	ctx, root := shop.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	if m, err := sondenats.Request(ctx, nc, "price", []byte("sku")); err != nil || string(m.Data) != "42" {
		t.Fatalf("%v, %v", m, err)
	}
	if m, err := sondenats.Request(ctx, nc, "price", nil); err != nil || m.Header.Get(micro.ErrorHeader) != "no such thing" {
		t.Fatalf("%v, %v", m, err)
	}
	if m, err := nc.RequestWithContext(ctx, "price", []byte("untraced")); err != nil || string(m.Data) != "42" {
		t.Fatalf("%v, %v", m, err)
	}
	if err := service.Stop(); err != nil { // waits for the handlers
		t.Error(err)
	}
	if n := service.Stats().Endpoints; len(n) > 0 && n[0].NumErrors != 1 {
		t.Errorf("the service counts %d errors", n[0].NumErrors)
	}
	out, in, inside := sent.Named(t, "nats_request"), received.Named(t, "price"), received.Named(t, "inside")
	if len(out) != 2 || len(in) != 2 || len(inside) != 2 {
		t.Fatalf("%+v %+v %+v", out, in, inside)
	}
	for i := range in {
		if in[i].Parent != out[i].ID || inside[i].Parent != in[i].ID {
			t.Errorf("not a chain: %+v %+v %+v", out[i], in[i], inside[i])
		}
	}
	if in[0].Stop["etype"] != nil || in[1].Stop["etype"] != "sondemicro.Error" || in[1].Stop["message"] != "404: no such thing" {
		t.Errorf("stopped with %v, %v", in[0].Stop, in[1].Stop)
	}
	told := out[1].Stop["nats"].(map[string]any)
	if told["error_code"] != "404" || out[1].Stop["etype"] != nil {
		t.Errorf("the request stopped with %v", out[1].Stop)
	}
}

func ExampleHandler() {
	var svc *profiler.Service // this program's
	var nc *nats.Conn         // connected elsewhere
	start := func() (micro.Service, error) {
		return micro.AddService(nc, micro.Config{
			Name: "prices", Version: "1.0.0",
			Endpoint: &micro.EndpointConfig{
				Subject: "price",
				Handler: sondemicro.Handler(svc, func(ctx context.Context, r micro.Request) { _ = r.Respond(nil) }),
			},
		})
	}
	_ = start
}
