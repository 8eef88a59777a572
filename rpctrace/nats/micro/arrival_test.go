package sondemicro_test

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go/micro"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	sondemicro "github.com/sonde-go/sonde/rpctrace/nats/micro"
)

// arriving is a request of which only what Handler reads is there.
type arriving struct {
	micro.Request
	h micro.Headers
}

func (a arriving) Headers() micro.Headers { return a.h }
func (a arriving) Subject() string        { return "price" }
func (a arriving) Data() []byte           { return nil }

// TestTwoValues: a header that is there twice is as good as forged.
func TestTwoValues(t *testing.T) {
	svc, _ := profilertest.New(t, "prices")
	ctx, p := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer p.Stop()
	signed, _ := profiler.Sign(ctx)
	for _, twice := range []string{"", header.InfoName, header.HMACName} {
		h := micro.Headers{header.InfoName: {signed.Info}, header.HMACName: {signed.HMAC}}
		if twice != "" {
			h[twice] = append(h[twice], h[twice][0])
		}
		sondemicro.Handler(svc, func(ctx context.Context, _ micro.Request) {
			if profiler.Active(ctx) != (twice == "") {
				t.Errorf("%q twice: traced is %v", twice, profiler.Active(ctx))
			}
		}).Handle(arriving{h: h})
	}
}
