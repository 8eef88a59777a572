package toybus_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"example.com/toybus"
	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/memory"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/report"
)

func receive(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
	m := &toybus.Message{Topic: "orders", Header: toybus.Header(h)}
	_ = toybus.Handle(ctx, svc, m, func(ctx context.Context, _ *toybus.Message) error {
		inside(ctx)
		return nil
	})
}

// The suites that every layer runs.
func TestArrivals(t *testing.T) {
	profilertest.Receiver{Layer: "toybus", Kind: layer.Consumer, Receive: receive}.Test(t)
}

func TestSends(t *testing.T) {
	profilertest.Sender{
		Send: func(_ *testing.T, ctx context.Context, h profilertest.Headers) (sent profilertest.Headers) {
			_ = toybus.Publish(ctx, &toybus.Message{Topic: "orders", Header: toybus.Header(h)}, func(_ context.Context, m *toybus.Message) error {
				sent = profilertest.Headers(m.Header)
				return nil
			})
			return sent
		},
	}.Test(t)
}

func TestPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profilertest.PassOn(t, func(fn func()) {
		receive(t, ctx, svc, profilertest.Headers{}, func(context.Context) { fn() })
	})
	rec.Unwound(t, "toybus_process")
}

// TestReport: a reader that has never heard of the bus shows its points with
// their label and kind, from the records alone.
func TestReport(t *testing.T) {
	const store = "memory://toybus"
	svc, err := sonde.Open(t.Context(), sonde.Config{Enabled: true, HMACKeys: "a key of sixteen", Service: "shop", ConnectionString: store})
	if err != nil {
		t.Fatal(err)
	}
	d, err := drivers.Open(t.Context(), store, drivers.Options{}) // before the Service closes the last use of it
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "checkout"})
	err = toybus.Publish(ctx, &toybus.Message{Topic: "orders", Body: []byte("tea")}, func(_ context.Context, m *toybus.Message) error {
		return toybus.Handle(context.Background(), svc, m, func(context.Context, *toybus.Message) error { return nil })
	})
	id := profiler.BaseID(ctx).String()
	root.Stop()
	if err != nil || svc.Close(context.Background()) != nil {
		t.Fatal(err)
	}
	r, err := report.Build(d.Records(t.Context(), id))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for p := range r.Walk() {
		got = append(got, fmt.Sprintf("%s %s %s", p.Name, r.Kind(p), r.Detail(p)))
	}
	const want = "checkout internal \ntoybus_publish producer orders\ntoybus_process consumer orders"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("the report says\n%s\nwant\n%s", text, want)
	}
}
