package redis

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"
)

// go-redis prints failed connections on the standard error, though their errors
// are returned as well. Its logger is one for the whole program, which may use
// go-redis for other things: only what concerns this package is left out.
func init() {
	redis.SetLogger(&logger{log.New(os.Stderr, "redis: ", log.LstdFlags|log.Lshortfile)})
}

type logger struct{ others *log.Logger }

type quietKey struct{}

// quiet marks what is done with ctx as this package's.
func quiet(ctx context.Context) context.Context {
	return context.WithValue(ctx, quietKey{}, true)
}

func (l *logger) Printf(ctx context.Context, format string, args ...any) {
	if ctx.Value(quietKey{}) == nil {
		_ = l.others.Output(4, fmt.Sprintf(format, args...))
	}
}
