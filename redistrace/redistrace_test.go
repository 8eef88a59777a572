package redistrace_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/redistrace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, opts ...redistrace.Option) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(t).Addr})
	t.Cleanup(func() { _ = client.Close() })
	client.AddHook(redistrace.NewHook(opts...))
	return client
}

// TestKeys: the first key, wherever a command has it, and no other argument.
func TestKeys(t *testing.T) {
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	for name, tt := range map[string]struct {
		args []any
		want any
	}{
		"get":         {[]any{"GET", "k"}, "k"},
		"no_argument": {[]any{"dbsize"}, nil},
		"nothing":     {nil, nil},
		"no_text":     {[]any{"get", 7}, nil},
		"script":      {[]any{"eval", "return 1", 1, "k", "secret"}, "k"},
		"read_only":   {[]any{"eval_ro", "return 1", 1, "k", "secret"}, "k"},
		"no_keys":     {[]any{"evalsha", "abc", 0, "secret"}, nil},
		"none_text":   {[]any{"fcall", "fn", "0", "secret"}, nil},
		"function":    {[]any{"fcall", "fn", 1, "k"}, "k"},
		"cut_short":   {[]any{"eval", "secret"}, nil},
		"pop":         {[]any{"blmpop", 1.5, 1, "k", "left"}, "k"},
		"union":       {[]any{"zunion", 2, "k", "l"}, "k"},
		"bits":        {[]any{"bitop", "and", "k", "l"}, "k"},
		"group":       {[]any{"xgroup", "create", "k", "g", "$"}, "k"},
		"pattern":     {[]any{"keys", "secret*"}, nil},
		"section":     {[]any{"info", "server"}, nil},
	} {
		h := redistrace.NewHook(redistrace.WithKeys(), redistrace.WithName(name))
		if err := h.ProcessHook(func(context.Context, redis.Cmder) error { return nil })(ctx, redis.NewCmd(ctx, tt.args...)); err != nil {
			t.Error(err)
		}
		group, _ := rec.One(t, name).Start["redis"].(map[string]any)
		if group["key"] != tt.want {
			t.Errorf("%s: %v, want %v", name, group, tt.want)
		}
	}
	root.Stop()
}

func TestPoints(t *testing.T) {
	for _, test := range []struct {
		name  string
		opts  []redistrace.Option
		call  func(context.Context, *redis.Client) error
		point string
		want  map[string]any // of the group
		fails string         // what the error that is recorded begins with
	}{
		{
			name:  "a command",
			call:  func(ctx context.Context, c *redis.Client) error { return c.Set(ctx, "user:17", "secret", 0).Err() },
			point: "redis", want: map[string]any{"command": "set"},
		}, {
			name: "its key", opts: []redistrace.Option{redistrace.WithKeys()},
			call:  func(ctx context.Context, c *redis.Client) error { return c.Set(ctx, "user:17", "secret", 0).Err() },
			point: "redis", want: map[string]any{"command": "set", "key": "user:17"},
		}, {
			name: "a script's key", opts: []redistrace.Option{redistrace.WithKeys()},
			call: func(ctx context.Context, c *redis.Client) error {
				return c.Eval(ctx, "return 1", []string{"user:17"}, "secret").Err()
			},
			point: "redis", want: map[string]any{"command": "eval", "key": "user:17"},
		}, {
			name: "no key", opts: []redistrace.Option{redistrace.WithKeys()},
			call:  func(ctx context.Context, c *redis.Client) error { return c.Echo(ctx, "secret").Err() },
			point: "redis", want: map[string]any{"command": "echo"},
		}, {
			name:  "a name of its own",
			opts:  []redistrace.Option{redistrace.WithName("cache")},
			call:  func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() },
			point: "cache", want: map[string]any{"command": "ping"},
		}, {
			name:  "nothing there",
			call:  func(ctx context.Context, c *redis.Client) error { return c.Get(ctx, "none").Err() },
			point: "redis", want: map[string]any{"command": "get"},
		}, {
			name: "a wrong type",
			call: func(ctx context.Context, c *redis.Client) error {
				if err := c.Set(context.Background(), "text", "1", 0).Err(); err != nil {
					return err
				}
				return c.LPush(ctx, "text", "secret").Err()
			},
			point: "redis", want: map[string]any{"command": "lpush", "error_code": "WRONGTYPE"}, fails: "WRONGTYPE",
		}, {
			name:  "an unknown command",
			call:  func(ctx context.Context, c *redis.Client) error { return c.Do(ctx, "NOSUCH", "secret").Err() },
			point: "redis", want: map[string]any{"command": "nosuch", "error_code": "ERR"}, fails: "ERR unknown command",
		}, {
			name: "a pipeline",
			call: func(ctx context.Context, c *redis.Client) error {
				_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
					p.Set(ctx, "text", "secret", 0)
					p.LPush(ctx, "text", "secret")
					p.Get(ctx, "text")
					p.Get(ctx, "none")
					return nil
				})
				return err
			},
			point: "redis_pipeline", want: map[string]any{"command": "set lpush get", "commands": 4.0, "failed": 1.0, "error_code": "WRONGTYPE"}, fails: "WRONGTYPE",
		}, {
			name: "a transaction",
			call: func(ctx context.Context, c *redis.Client) error {
				_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "n"); return nil })
				return err
			},
			point: "redis_pipeline", want: map[string]any{"command": "multi incr exec", "commands": 3.0},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := open(t, test.opts...)
			svc, rec := profilertest.New(t, "shop")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			err := test.call(ctx, client)
			root.Stop()
			p := rec.One(t, test.point)
			if p.Parent != rec.One(t, "root").ID {
				t.Error("the point is not below the caller's")
			}
			got := map[string]any{}
			for _, info := range []map[string]any{p.Start, p.Stop} {
				group, _ := info["redis"].(map[string]any)
				maps.Copy(got, group)
			}
			if _, ok := got["args_hash"]; !ok {
				t.Error("no hash of the arguments")
			}
			delete(got, "args_hash")
			if !maps.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
			message, _ := p.Stop["message"].(string)
			if (message == "") != (test.fails == "") || !strings.HasPrefix(message, test.fails) {
				t.Errorf("recorded %q of %v, want %q", message, err, test.fails)
			}
			if text := fmt.Sprint(p.Start, p.Stop); strings.Contains(text, "secret") {
				t.Errorf("%s tells a value", text)
			}
		})
	}
}

// TestHash: only commands that send the same have the same hash.
func TestHash(t *testing.T) {
	client := open(t)
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	for range 2 {
		for _, key := range []string{"a", "b"} {
			client.Get(ctx, key)
			_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error { p.Get(ctx, key); p.Ping(ctx); return nil })
		}
	}
	root.Stop()
	for _, name := range []string{"redis", "redis_pipeline"} {
		var hashes []any
		for _, p := range rec.Named(t, name) {
			hashes = append(hashes, p.Start["redis"].(map[string]any)["args_hash"])
		}
		if len(hashes) != 4 || hashes[0] == nil || hashes[0] != hashes[2] || hashes[1] != hashes[3] || hashes[0] == hashes[1] {
			t.Errorf("%s: %v", name, hashes)
		}
	}
}

// TestAsWithout: what a client answers is the same with a hook and without, traced
// or not.
func TestAsWithout(t *testing.T) {
	server := servertest.Redis(t)
	svc, _ := profilertest.New(t, "shop")
	traced, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	answers := func(ctx context.Context, hook bool) (all []string) {
		client := redis.NewClient(&redis.Options{Addr: server.Addr})
		defer client.Close()
		if hook {
			client.AddHook(redistrace.NewHook())
		}
		tell := func(v any, err error) { all = append(all, fmt.Sprintf("%v %v", v, err)) }
		tell(client.FlushAll(ctx).Result())
		tell(client.Get(ctx, "k").Result())
		tell(client.Set(ctx, "k", "v", 0).Result())
		tell(client.Get(ctx, "k").Result())
		tell(client.Incr(ctx, "k").Result())
		tell(client.MGet(ctx, "k", "none").Result())
		cmds, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Get(ctx, "none")
			p.Incr(ctx, "k")
			return nil
		})
		tell(cmds, err)
		err = client.Watch(ctx, func(tx *redis.Tx) error {
			if err := client.Set(ctx, "k", "other", 0).Err(); err != nil {
				return err
			}
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Set(ctx, "k", "mine", 0); return nil })
			return err
		}, "k")
		tell(errors.Is(err, redis.TxFailedErr), err)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		tell(client.Get(gone, "k").Result())
		return all
	}
	want := answers(context.Background(), false)
	for name, ctx := range map[string]context.Context{"traced": traced, "untraced": context.Background()} {
		if got := answers(ctx, true); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPassesOn(t *testing.T) {
	svc, rec := profilertest.New(t, "shop")
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer root.Stop()
	hook := redistrace.NewHook()
	cmd := redis.NewStatusCmd(ctx, "ping")
	for name, run := range map[string]func(fn func()){
		"redis": func(fn func()) {
			_ = hook.ProcessHook(func(context.Context, redis.Cmder) error { fn(); return nil })(ctx, cmd)
		},
		"redis_pipeline": func(fn func()) {
			_ = hook.ProcessPipelineHook(func(context.Context, []redis.Cmder) error { fn(); return nil })(ctx, []redis.Cmder{cmd})
		},
	} {
		profilertest.PassOn(t, run)
		rec.Unwound(t, name)
	}
}

func TestAllocUntraced(t *testing.T) {
	ctx, hook := context.Background(), redistrace.NewHook()
	cmd := redis.NewStatusCmd(ctx, "ping")
	cmds := []redis.Cmder{cmd}
	process := hook.ProcessHook(func(context.Context, redis.Cmder) error { return nil })
	pipeline := hook.ProcessPipelineHook(func(context.Context, []redis.Cmder) error { return nil })
	if n := race.Allocs(100, func() { _, _ = process(ctx, cmd), pipeline(ctx, cmds) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
