package profiler_test

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestTracePassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	profilertest.PassOn(t, func(fn func()) {
		_ = profiler.Trace(ctx, "unwound", func(context.Context) error { fn(); return nil })
	})
	rec.Unwound(t, "unwound")
}
