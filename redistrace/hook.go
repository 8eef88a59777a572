package redistrace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/internal/callargs"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// Option configures what is recorded.
type Option func(*hook)

// WithName sets the name of the points of commands; those of pipelines are
// called name_pipeline. The default is "redis", as is an empty name. Reports group
// points by name, so this tells two servers apart.
func WithName(name string) Option { return func(h *hook) { h.name = cmp.Or(name, h.name) } }

// WithKeys records the first key of each command, unless it is not text.
func WithKeys() Option { return func(h *hook) { h.keys = true } }

// NewHook returns a hook for AddHook of any client. It may be added to several
// clients. It changes neither commands nor errors, and a panic passes on.
func NewHook(opts ...Option) redis.Hook {
	h := &hook{name: "redis"}
	for _, o := range opts {
		o(h)
	}
	h.pipelineName = h.name + "_pipeline"
	return h
}

type hook struct {
	name, pipelineName string
	keys               bool
}

// DialHook is part of redis.Hook. A connection is made with a context of the pool's,
// so it is not a point.
func (h *hook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook makes a point of a command.
func (h *hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !profiler.Active(ctx) || isHandshake(cmd) {
			return next(ctx, cmd)
		}
		var all [3]slog.Attr
		attrs := append(all[:0], slog.String("command", cmd.FullName()))
		if id, ok := argsHash(ctx, cmd); ok {
			attrs = append(attrs, slog.Uint64("args_hash", id))
		}
		if key, ok := h.key(cmd); ok {
			attrs = append(attrs, slog.String("key", key))
		}
		ctx, p := h.open(ctx, h.name, attrs...)
		returned := false
		defer p.Guard(&returned)
		err := next(ctx, cmd)
		returned = true
		h.end(ctx, p, err)
		return err
	}
}

// maxNames is how many different commands of a pipeline are named.
const maxNames = 16

// ProcessPipelineHook makes a point of a pipeline or a transaction. It has failed if
// it did as a whole; commands of it that have are counted.
func (h *hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !profiler.Active(ctx) || !slices.ContainsFunc(cmds, isCommand) {
			return next(ctx, cmds)
		}
		var names []string
		for _, cmd := range cmds {
			if name := cmd.FullName(); len(names) < maxNames && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		attrs := []slog.Attr{slog.String("command", strings.Join(names, " ")), slog.Int("commands", len(cmds))}
		if id, ok := argsHash(ctx, cmds...); ok {
			attrs = append(attrs, slog.Uint64("args_hash", id))
		}
		ctx, p := h.open(ctx, h.pipelineName, attrs...)
		returned := false
		defer p.Guard(&returned)
		err := next(ctx, cmds)
		returned = true
		failed := 0
		for _, cmd := range cmds {
			if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
				failed++
			}
		}
		if failed > 0 {
			h.end(ctx, p, err, slog.Int("failed", failed))
		} else {
			h.end(ctx, p, err)
		}
		return err
	}
}

// isHandshake reports whether a client sends cmd of itself on a new connection, within
// the command that waits for it. Old servers refuse some of these, which clients
// expect, so as points they would look like failures.
func isHandshake(cmd redis.Cmder) bool {
	switch cmd.Name() {
	case "hello", "auth", "select", "readonly":
		return true
	case "client":
		if args := cmd.Args(); len(args) > 1 {
			sub, _ := args[1].(string)
			switch strings.ToLower(sub) {
			case "setinfo", "setname", "maint_notifications":
				return true
			}
		}
	}
	return false
}

// argsHash is false if an argument is of a type that only go-redis can send.
func argsHash(ctx context.Context, cmds ...redis.Cmder) (uint64, bool) {
	h := callargs.Begin(ctx, 0)
	for _, cmd := range cmds {
		if !h.Add(cmd.Args()) {
			return 0, false
		}
	}
	return h.Sum(), true
}

func isCommand(cmd redis.Cmder) bool { return !isHandshake(cmd) }

func (h *hook) open(ctx context.Context, name string, attrs ...slog.Attr) (context.Context, profiler.Point) {
	return profiler.Open(ctx, profiler.Opening{Name: name, Layer: layer.Redis}, attrs...)
}

// end ends a point. A key that does not exist and a transaction that another client
// came between are answers, no failures.
func (h *hook) end(ctx context.Context, p profiler.Point, err error, attrs ...slog.Attr) {
	e := profiler.Ending{Group: layer.Redis.Group}
	if err != nil && !errors.Is(err, redis.Nil) && !errors.Is(err, redis.TxFailedErr) {
		e.Err, e.Text = err, withoutArgs
		var answer redis.Error
		if errors.As(err, &answer) {
			code, _, _ := strings.Cut(answer.Error(), " ")
			attrs = append(attrs, slog.String("error_code", code))
		}
	}
	p.End(e, attrs...)
}

// withoutArgs cuts the arguments that Redis quotes when it does not know a command.
func withoutArgs(text string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	return text
}

// key returns the first key of a command, as far as its position is known.
func (h *hook) key(cmd redis.Cmder) (string, bool) {
	name, args := cmd.Name(), cmd.Args()
	if !h.keys || keyless[name] {
		return "", false
	}
	at := 1
	if later := keyAt[name]; later > 0 {
		at = later
	}
	if at >= len(args) || counted[name] && fmt.Sprint(args[at-1]) == "0" {
		return "", false
	}
	key, ok := args[at].(string)
	return key, ok
}

// keyless are the commands of which the first argument is no key.
var keyless = map[string]bool{
	"acl": true, "auth": true, "client": true, "cluster": true, "command": true, "config": true, "debug": true, "echo": true,
	"function": true, "hello": true, "info": true, "keys": true, "latency": true, "memory": true, "migrate": true, "module": true,
	"object": true, "ping": true, "psubscribe": true, "publish": true, "pubsub": true, "script": true, "scan": true,
	"select": true, "slowlog": true, "spublish": true, "ssubscribe": true, "subscribe": true, "wait": true, "xread": true,
	"xreadgroup": true,
}

// keyAt is where other arguments come before the first key.
var keyAt = map[string]int{
	"bitop": 2, "blmpop": 3, "bzmpop": 3, "eval": 3, "eval_ro": 3, "evalsha": 3, "evalsha_ro": 3, "fcall": 3, "fcall_ro": 3,
	"lmpop": 2, "sintercard": 2, "xgroup": 2, "xinfo": 2, "zdiff": 2, "zinter": 2, "zintercard": 2, "zmpop": 2, "zunion": 2,
}

// counted are the commands that say how many keys they have, which may be none.
var counted = map[string]bool{"eval": true, "eval_ro": true, "evalsha": true, "evalsha_ro": true, "fcall": true, "fcall_ro": true}
