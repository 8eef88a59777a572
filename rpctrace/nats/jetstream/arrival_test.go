package sondejetstream_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondejetstream "github.com/sonde-go/sonde/rpctrace/nats/jetstream"
)

// delivered is a message of which only what Process reads is there.
type delivered struct {
	jetstream.Msg
	h nats.Header
}

func (d delivered) Headers() nats.Header                      { return d.h }
func (d delivered) Subject() string                           { return "s.a" }
func (d delivered) Data() []byte                              { return nil }
func (d delivered) Metadata() (*jetstream.MsgMetadata, error) { return nil, nats.ErrNotJSMessage }

func TestArrivals(t *testing.T) {
	profilertest.Receiver{
		Layer: "nats", Kind: layer.Consumer,
		Receive: func(_ *testing.T, ctx context.Context, svc *profiler.Service, h profilertest.Headers, inside func(context.Context)) {
			m := delivered{h: nats.Header{}}
			for name, value := range h.All() {
				m.h.Add(name, value)
			}
			ctx, _, p := sondejetstream.Process(ctx, svc, m)
			defer p.Stop()
			inside(ctx)
		},
	}.Test(t)
}

func TestSends(t *testing.T) {
	js, s := stream(t, jetstream.StreamConfig{})
	type send = func(context.Context, *nats.Msg) error
	for name, send := range map[string]send{
		"PublishMsg": func(ctx context.Context, m *nats.Msg) error {
			_, err := sondejetstream.PublishMsg(ctx, js, m)
			return err
		},
		"PublishMsgAsync": func(ctx context.Context, m *nats.Msg) error {
			return settled(sondejetstream.PublishMsgAsync(ctx, js, m))
		},
	} {
		t.Run(name, profilertest.Sender{
			Send: func(t *testing.T, ctx context.Context, h profilertest.Headers) profilertest.Headers {
				m := &nats.Msg{Subject: "s.a", Header: nats.Header{"own": {"kept"}}}
				for name, value := range h.All() {
					m.Header.Add(name, value)
				}
				if err := send(ctx, m); err != nil {
					t.Fatal(err)
				}
				stored, err := s.GetLastMsgForSubject(context.Background(), "s.a")
				if err != nil {
					t.Fatal(err)
				}
				if stored.Header.Get("own") != "kept" || len(m.Header) != 1+len(h) {
					t.Errorf("stored %v, and the caller's headers became %v", stored.Header, m.Header)
				}
				return profilertest.Headers{
					header.InfoName: strings.Join(stored.Header[header.InfoName], ","),
					header.HMACName: strings.Join(stored.Header[header.HMACName], ","),

					header.TraceParentName: strings.Join(stored.Header[header.TraceParentName], ","),
				}
			},
		}.Test)
	}
}
