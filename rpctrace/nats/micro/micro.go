// Package sondemicro carries traces into NATS micro services
// (github.com/nats-io/nats.go/micro). It is the counterpart of
// [github.com/sonde-go/sonde/rpctrace/nats], which is for core NATS:
//
//	micro.AddService(nc, micro.Config{
//		…
//		Endpoint: &micro.EndpointConfig{Subject: "price", Handler: sondemicro.Handler(svc,
//			func(ctx context.Context, r micro.Request) { … })},
//	})
//
// The point is nats_process, see [WithName]. A request that is answered with an
// error fails its point with the code and the description of the error.
package sondemicro

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go/micro"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/rpctrace"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Handler wraps fn for an endpoint. The context passed to fn carries the trace of
// the requester and nothing else: it is context.Background for a request that is
// not traced. svc is the service that fn belongs to. A panic of fn is recorded and
// passes on.
func Handler(svc *profiler.Service, fn func(context.Context, micro.Request), opts ...Option) micro.Handler {
	o := natsmsg.As(natsmsg.Processing, opts)
	return micro.HandlerFunc(func(r micro.Request) {
		ctx := context.Background()
		in := rpctrace.Receive(ctx, svc, natsmsg.Headers(r.Headers()), layer.NATS.Group, r.Subject())
		if !in.Traced() {
			fn(in.Pass(ctx), r)
			return
		}
		ctx, p := in.Open(ctx, o,
			slog.String("subject", r.Subject()), slog.Int("bytes", len(r.Data())))
		_ = rpctrace.Run(ctx, p, func(ctx context.Context) error {
			traced := &request{Request: r}
			fn(ctx, traced)
			return traced.failure()
		})
	})
}

// Option configures [Handler].
type Option = natsmsg.Option

// WithName sets the name of the point. The default is "nats_process", as is an
// empty name. Reports group points by name.
func WithName(name string) Option { return natsmsg.WithName(name) }

// Error is the error that a request was answered with.
type Error struct {
	Code, Description string
}

// Error returns the code and the description.
func (e *Error) Error() string { return e.Code + ": " + e.Description }

// request remembers the error that it was answered with.
type request struct {
	micro.Request
	err *Error
}

func (r *request) Error(code, description string, data []byte, opts ...micro.RespondOpt) error {
	err := r.Request.Error(code, description, data, opts...)
	if err == nil {
		r.err = &Error{code, description}
	}
	return err
}

func (r *request) failure() error {
	if r.err == nil {
		return nil
	}
	return r.err
}
