package redistrace_test

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/redistrace"
)

// printer is a sink that prints the points' names.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

// answers stands for a server, so that the example needs none.
type answers struct{}

func (answers) DialHook(next redis.DialHook) redis.DialHook { return next }

func (answers) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		if cmd, ok := cmd.(*redis.StringCmd); ok {
			cmd.SetVal("green tea")
		}
		return nil
	}
}

func (answers) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { return nil }
}

func ExampleNewHook() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	client.AddHook(redistrace.NewHook())
	client.AddHook(answers{})
	defer client.Close()

	svc, _ := profiler.New(profiler.Config{Name: "shop", Sink: printer{}})
	ctx, request := svc.Begin(context.Background(), profiler.Opening{Name: "request"})
	fmt.Println(client.Get(ctx, "goods:7").Result())
	_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "seen:7")
		p.Expire(ctx, "seen:7", 60)
		return nil
	})
	request.Stop()

	_ = client.Get(context.Background(), "goods:8") // no trace, no point
	_ = svc.Close(context.Background())
	// Output:
	// green tea <nil>
	// request-start
	// redis-start
	// redis-stop
	// redis_pipeline-start
	// redis_pipeline-stop
	// request-stop
}
