package sondenats_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace/nats"
)

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "nats", Kind: layer.Consumer,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			m := nats.NewMsg("orders.new")
			for name, value := range h.All() {
				m.Header.Add(name, value)
			}
			ctx, p := sondenats.Process(ctx, svc, m)
			defer p.Stop()
			inside(ctx)
		},
	}.Test(t)
}

// TestSends: a message that is sent does not take the headers along that it came
// with, however it is sent.
func TestSends(t *testing.T) {
	nc := connect(t, server.Options{})
	type send = func(context.Context, *nats.Msg) error
	for name, send := range map[string]send{
		"PublishMsg": func(ctx context.Context, m *nats.Msg) error { return sondenats.PublishMsg(ctx, nc, m) },
		"RequestMsg": func(ctx context.Context, m *nats.Msg) error {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			_, err := sondenats.RequestMsg(ctx, nc, m)
			return err
		},
	} {
		t.Run(name, profilertest.Sender{
			Send: func(t *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
				came := make(chan *nats.Msg, 1)
				sub, err := nc.Subscribe("orders", func(m *nats.Msg) {
					came <- m
					_ = m.Respond(nil)
				})
				subscribed(t, nc, sub, err)
				defer func() { _ = sub.Unsubscribe() }()
				m := &nats.Msg{Subject: "orders", Header: nats.Header{"own": {"kept"}}}
				for name, value := range h.All() {
					m.Header.Add(name, value)
				}
				if err := send(ctx, m); err != nil {
					t.Fatal(err)
				}
				got := next(t, came).Header
				if got.Get("own") != "kept" || len(m.Header) != 1+len(h) {
					t.Errorf("sent %v, and the caller's headers became %v", got, m.Header)
				}
				return profilertest.Headers{
					header.InfoName: strings.Join(got[header.InfoName], ","),
					header.HMACName: strings.Join(got[header.HMACName], ","),

					header.TraceParentName: strings.Join(got[header.TraceParentName], ","),
				}
			},
		}.Test)
	}
}
