// Package names has names that the code that is written needs itself.
package names

import (
	"context"
	"time"

	slog "log/slog"
)

// profiler is what an import is called elsewhere.
func profiler() string { return "mine" }

//sonde:trace name=names
type Namer interface {
	// Parameters called as packages, and as what the body has.
	Packages(ctx context.Context, profiler int, slog string, context bool) error
	Locals(t context.Context, p, f, returned, err int) (r0 string, _ error)
	Predeclared(ctx context.Context, true bool, nil, len, string int) (error error)
	Blank(_ context.Context, _ int, _ string, token string) (_ int, _ bool, err error)
	Unnamed(context.Context, int, time.Duration) (int, error)
	Late(id int, ctx context.Context)
	Two(ctx, other context.Context) error
	ErrorFirst(ctx context.Context) (error, int)
	Nothing(ctx context.Context)
	Level(ctx context.Context, level slog.Level) slog.Level
	Variadic(ctx context.Context, names ...string) (n int)
	Attrs(ctx context.Context, attrs ...slog.Attr)
	Channels(ctx context.Context, in <-chan int, out chan<- func(...int) error) (chan struct{}, error)
	Maps(ctx context.Context, m map[[2]string]*[]any, s struct {
		A int `json:"a"`
		b string
	}, i interface{ String() string }) error
	Secrets(ctx context.Context, user, password string) (token string, err error)

	Plain(n int) string
	private(ctx context.Context) error
}

// attrs is the field that the written type would have, and Own is the name of a
// method of its own type.
//
//sonde:trace hide_args hide_result=false trace_private
type Own struct {
	attrs []string
	N     int
}

func (o *Own) Own(ctx context.Context, n int) (int, error) { return o.N + n, nil }
func (o Own) Value(ctx context.Context) (a, b int)         { return o.N, len(o.attrs) }
func (o *Own) private(ctx context.Context, n int) int      { return o.N * n }
func (o *Own) plain() string                               { return profiler() }

type (
	// In a group, a directive stands above each type.
	//
	//sonde:trace as=listener trace_private
	hearer interface{ hear(context.Context) }

	other struct{}
)

// Func is no struct.
//
//sonde:trace
type Func func(ctx context.Context, n int) error

func (f Func) Call(ctx context.Context, n int) error { return f(ctx, n) }
