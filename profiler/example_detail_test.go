package profiler_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// A hundred equal queries are ten points and one that stands for ninety, calls of Redis
// make none, and what takes less than 100 µs is only counted.
func ExampleService_SetDetail() {
	svc, err := profiler.New(profiler.Config{Name: "cart", Sink: discard{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer svc.Close(context.Background())
	err = svc.SetDetail(profiler.Detail{
		Off:         []string{"redis"},
		MinDuration: 100 * time.Microsecond,
		Repeats:     10,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, job := svc.Begin(context.Background(), profiler.Opening{Name: "job"})
	_, p := profiler.Open(ctx, profiler.Opening{Name: "cache", Layer: layer.Redis}, slog.String("command", "GET"))
	fmt.Println("recorded:", p.Active())
	p.Stop()
	job.Stop()
	// Output: recorded: false
}
