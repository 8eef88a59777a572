package redis

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"

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
	if ctx.Value(quietKey{}) != nil || slices.ContainsFunc(args, ours) {
		return
	}
	_ = l.others.Output(4, fmt.Sprintf(format, args...))
}

// ours says whether a part of a message is an error of this package's dialers,
// which go-redis may run in a context of its own.
func ours(arg any) bool {
	err, ok := arg.(error)
	return ok && unsent(err)
}
