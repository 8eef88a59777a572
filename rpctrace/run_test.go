package rpctrace_test

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/rpctrace"
)

func TestRunPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profilertest.PassOn(t, func(fn func()) {
		ctx, p := profiler.Start(ctx, "unwound")
		_ = rpctrace.Run(ctx, p, func(context.Context) error { fn(); return nil })
	})
	rec.Unwound(t, "unwound")
}
