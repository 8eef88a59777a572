package profilertest

import (
	"context"
	"maps"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Sender is a layer that sends requests or messages: a client, or a producer.
type Sender struct {
	// Send makes the layer send one request or message in ctx, and returns the trace
	// headers with which it was sent. Before that, it carries h, like one that was
	// received and is forwarded. Required.
	Send func(t *testing.T, ctx context.Context, h Headers) Headers
	// Stranger says that the receiver must not be sent trace headers.
	Stranger bool
	// Keeps says that, outside any trace, a request to an allowed receiver keeps the
	// headers that it carries.
	Keeps bool
}

// Test makes the layer send from a context without a trace, from one with a trace,
// and from one whose trace has no key to sign with; with and without headers of
// another trace. A stranger must get no headers, and anybody else only those of the
// trace in the context.
func (s Sender) Test(t *testing.T) {
	svc, _ := New(t, "svc")
	keyless, _ := New(t, "keyless", func(c *profiler.Config) { c.Keys = nil })
	begin := func(svc *profiler.Service) context.Context {
		ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "around"})
		t.Cleanup(func() { p.Stop() })
		return ctx
	}
	keys, _ := header.ParseKeys("key")
	carried := Headers{}
	keys.Primary().Sign(header.Info{BaseID: header.NewID()}).Write(carried)
	for in, ctx := range map[string]context.Context{"none": context.Background(), "a trace": begin(svc), "a trace without a key": begin(keyless)} {
		for headers, h := range map[string]Headers{"none": {}, "of another trace": carried} {
			t.Run("context "+in+"/headers "+headers, func(t *testing.T) {
				got := header.Read(s.Send(t, ctx, maps.Clone(h)))
				switch {
				case in == "a trace" && !s.Stranger:
					if info, _, err := keys.Verify(got); err != nil || info.BaseID != profiler.BaseID(ctx) {
						t.Errorf("sent with %+v, %v; want the signed headers of the trace in the context, each once", got, err)
					}
				case in == "none" && s.Keeps && !s.Stranger:
					if got != header.Read(h) {
						t.Errorf("sent with %+v, want the headers that it carried: %v", got, h)
					}
				case got != header.Signed{}:
					t.Errorf("sent with %+v, want no headers of a trace", got)
				}
			})
		}
	}
}
