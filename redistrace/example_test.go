package redistrace_test

import (
	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/redistrace"
)

func ExampleNewHook() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	client.AddHook(redistrace.NewHook())
}
