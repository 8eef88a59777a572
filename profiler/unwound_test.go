package profiler_test

import (
	"context"
	"testing"

	"github.com/sonde-go/sonde/internal/pointtest"
	"github.com/sonde-go/sonde/profiler"
)

func TestTracePassesOn(t *testing.T) {
	svc, rec := pointtest.New(t, "test")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	pointtest.PassOn(t, func(fn func()) {
		_ = profiler.Trace(ctx, "unwound", func(context.Context) error { fn(); return nil })
	})
	rec.Unwound(t, "unwound")
}
