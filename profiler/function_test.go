package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// functionOf is info.function of a point as its records had it.
func functionOf(t *testing.T, p profilertest.Point) map[string]any {
	t.Helper()
	told := map[string]any{}
	for _, info := range []map[string]any{p.Start, p.Stop} {
		f, _ := info["function"].(map[string]any)
		maps.Copy(told, f)
	}
	return told
}

func double(_ context.Context, n int) (int, error) {
	if n < 0 {
		return 0, errors.New("negative")
	}
	return 2 * n, nil
}

type shelf struct{ sku string }

func (s *shelf) put(_ context.Context, sku string) error {
	s.sku = sku
	return nil
}

func identity[T any](_ context.Context, v T) (T, error) { return v, nil }

// TestFunction: what a call tells, and that the function behaves as before.
func TestFunction(t *testing.T) {
	const here = "github.com/sonde-go/sonde/profiler_test."
	var s shelf
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})

	shown := profiler.FuncValue(profiler.Function{Name: "shown", ShowResult: true}, double)
	for _, ctx := range []context.Context{ctx, t.Context()} {
		if n, err := shown(ctx, 4); n != 8 || err != nil {
			t.Error(n, err)
		}
	}
	hidden := profiler.FuncValue(profiler.Function{Name: "hidden", HideArgs: true, Symbol: "double"}, double)
	if n, err := hidden(ctx, 4); n != 8 || err != nil {
		t.Error(n, err)
	}
	failing := profiler.FuncValue(profiler.Function{Name: "failing", ShowResult: true}, double)
	if n, err := failing(ctx, -1); n != 0 || err == nil || err.Error() != "negative" {
		t.Error(n, err)
	}
	attrs := []slog.Attr{slog.String("shelf", "a"), slog.String("token", "t"), slog.String("function", "lost")}
	method := profiler.Func(profiler.Function{Name: "method", Attrs: attrs}, s.put)
	attrs[0] = slog.String("shelf", "changed")
	if err := method(ctx, "tea"); err != nil || s.sku != "tea" {
		t.Error(err, s.sku)
	}
	generic := profiler.FuncValue(profiler.Function{Name: "generic"}, identity[string])
	if v, err := generic(ctx, "x"); v != "x" || err != nil {
		t.Error(v, err)
	}
	root.Stop()

	for name, want := range map[string]map[string]any{
		"shown":   {"name": here + "double", "args": "[4]", "kwargs": "{}", "result": "8"},
		"hidden":  {"name": "double"},
		"failing": {"name": here + "double", "args": "[-1]", "kwargs": "{}"},
		"method":  {"name": here + "shelf.put", "args": `["tea"]`, "kwargs": "{}"},
		"generic": {"name": here + "identity", "args": `["x"]`, "kwargs": "{}"},
	} {
		p := rec.One(t, name)
		if got := functionOf(t, p); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if p.Kind != layer.Unspecified {
			t.Errorf("%s is of the kind %v", name, p.Kind)
		}
	}
	if p := rec.One(t, "method"); p.Start["shelf"] != "a" || p.Start["token"] != layer.Masked {
		t.Errorf("method began with %v", p.Start)
	}
	if p := rec.One(t, "failing"); p.Stop["etype"] != "errors.errorString" || p.Stop["message"] != "negative" {
		t.Errorf("failing ended with %v", p.Stop)
	}
}

type cup struct {
	Size  int
	Token string
	Lid   *cup `json:",omitempty"`
}

func (cup) String() string { return "a cup with its token in plain text" }

type sealed struct{ n int }

type numbered struct{ n int }

func (n numbered) String() string { return fmt.Sprint("no. ", n.n) }

type explodes struct{}

func (explodes) MarshalJSON() ([]byte, error) { panic("boom") }

type masksItself struct{}

func (masksItself) LogValue() slog.Value { return slog.StringValue("a secret") }

// TestCaptured is the table of how a value is written that a function was given.
func TestCaptured(t *testing.T) {
	var nilCup *cup
	var nilError error
	query, err := url.Parse("https://bob:pw@h/x?a=1&token=t")
	if err != nil {
		t.Fatal(err)
	}
	var loop [1]any
	loop[0] = &loop
	many := map[string][]string{"a": make([]string, 1<<20)}
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	for name, tt := range map[string]struct {
		value any
		want  string
	}{
		"text":        {"a \"b\" é", `"a \"b\" \u00e9"`},
		"number":      {1.5, `1.5`},
		"NaN":         {math.NaN(), `"NaN"`},
		"duration":    {time.Second, `"1s"`},
		"nil":         {nil, `null`},
		"nil_pointer": {nilCup, `null`},
		"nil_error":   {nilError, `null`},
		"nil_func":    {(func())(nil), `null`},
		"struct":      {cup{1, "t", &cup{2, "u", nil}}, `{"Size":1,"Token":"***","Lid":{"Size":2,"Token":"***"}}`},
		"pointer":     {&cup{1, "t", nil}, `{"Size":1,"Token":"***"}`},
		"map":         {map[string]string{"password": "x", "b": "y"}, `{"b":"y","password":"***"}`},
		"list":        {[]string{"a", "b"}, `["a","b"]`},
		"long_list":   {make([]int, 1025), `"([]int of 1025)"`},
		"bytes":       {make([]byte, 1<<20), `"([]uint8 of 1048576)"`},
		"array":       {[2000]bool{}, `"([2000]bool of 2000)"`},
		"channel":     {make(chan int), `"(chan int)"`},
		"func":        {func() {}, `"(func())"`},
		"no_fields":   {&sealed{1}, `"(*profiler_test.sealed)"`},
		"lock":        {&sync.Mutex{}, `"(*sync.Mutex)"`},
		"empty":       {struct{}{}, `{}`},
		"stringer":    {numbered{7}, `"no. 7"`},
		"error":       {errors.New("e"), `"e"`},
		"time":        {time.Unix(0, 0).UTC(), `"1970-01-01T00:00:00Z"`},
		"URL":         {query, `"https://***@h/x?a=1&token=***"`},
		"URL_value":   {*query, `"https://***@h/x?a=1&token=***"`},
		"no_JSON":     {struct{ F func() }{func() {}}, `"(struct { F func() })"`},
		"endless":     {&loop, `"(*[1]interface {} left out)"`},
		"long_field":  {&struct{ Data []byte }{make([]byte, 1<<20)}, `"(*struct { Data []uint8 } left out)"`},
		"long_behind": {&many, `"(*map[string][]string left out)"`},
		"not_stored": {&struct {
			Data []byte `json:"-"`
		}{make([]byte, 1<<20)}, `{}`},
		"zeros": {make([]struct {
			A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R int `json:",omitempty"`
		}, 1000), "[" + strings.Repeat("{},", 999) + "{}]"},
		"panic":      {explodes{}, `"!PANIC: boom"`},
		"log_value":  {masksItself{}, `"a secret"`},
		"attributes": {[]slog.Attr{slog.Int("n", 1), slog.Int("token", 2)}, `{"n":1,"token":"***"}`},
	} {
		f := profiler.Function{Name: name, ShowResult: true}
		_, p := f.Start(ctx, slog.Any("", tt.value))
		f.End(p, nil, slog.Any("", tt.value))
		got := functionOf(t, rec.One(t, name))
		if args, _ := got["args"].(string); args != "["+tt.want+"]" {
			t.Errorf("%s: %s, want [%s]", name, args, tt.want)
		}
		if got["result"] != tt.want {
			t.Errorf("%s: the result is %v, want %s", name, got["result"], tt.want)
		}
	}
	root.Stop()
}

// TestFunctionNames: values with names, and results of several values, pass the mask.
func TestFunctionNames(t *testing.T) {
	for name, tt := range map[string]struct {
		mask                 layer.Mask
		values               []slog.Attr
		args, kwargs, result any
	}{
		"none":   {layer.Mask{}, nil, "[]", "{}", nil},
		"named":  {layer.Mask{}, []slog.Attr{slog.String("user", "bob"), slog.String("password", "x")}, "[]", `{"user":"bob","password":"***"}`, `{"user":"bob","password":"***"}`},
		"one":    {layer.Mask{}, []slog.Attr{slog.String("token", "x")}, "[]", `{"token":"***"}`, `"***"`},
		"mixed":  {layer.Mask{}, []slog.Attr{slog.Int("", 1), slog.String("pwd", "x"), slog.Int("", 2)}, "[1,2]", `{"pwd":"***"}`, `[1,"***",2]`},
		"all":    {layer.MaskAll(), []slog.Attr{slog.Int("", 1), slog.String("a", "x")}, `["***"]`, `{"a":"***"}`, `["***","***"]`},
		"nobody": {layer.MaskNone(), []slog.Attr{slog.String("pwd", "x")}, `[]`, `{"pwd":"x"}`, `"x"`},
		"own":    {layer.MaskNames("name", "args"), []slog.Attr{slog.String("name", "x")}, `[]`, `{"name":"***"}`, `"***"`},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "test", func(c *profiler.Config) { c.Mask = tt.mask })
			ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
			f := profiler.Function{Name: "call", Symbol: "f", ShowResult: true}
			_, p := f.Start(ctx, tt.values...)
			f.End(p, nil, tt.values...)
			root.Stop()
			got := functionOf(t, rec.One(t, "call"))
			if got["name"] != "f" || got["args"] != tt.args || got["kwargs"] != tt.kwargs || got["result"] != tt.result {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestFunctionTooLong: an argument of any size is cut, and the record says so.
func TestFunctionTooLong(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	for name, value := range map[string]any{
		"text": strings.Repeat("x", 1<<20), "quotes": strings.Repeat(`"`, 20_000),
		"object": cup{Token: "t", Lid: &cup{Token: strings.Repeat("é", 1<<20), Size: 3}},
		"list":   strings.Split(strings.Repeat("0123456789abcdefghij,", 1000), ","),
	} {
		f := profiler.Function{Name: name}
		_, p := f.Start(ctx, slog.Any("", value), slog.String("more", "x"))
		f.End(p, nil)
		start := rec.One(t, name).Start
		args, _ := functionOf(t, rec.One(t, name))["args"].(string)
		sonde, _ := start["sonde"].(map[string]any)
		if len(args) > 16<<10 || sonde["truncated"] != true {
			t.Errorf("%s: %d bytes of arguments, %v", name, len(args), sonde)
		}
	}
	root.Stop()
}

// TestFunctionPassesOn: panics and Goexit pass through each way unchanged, and end its
// point.
func TestFunctionPassesOn(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, fn func()){
		"Trace": func(ctx context.Context, fn func()) {
			_ = profiler.Trace(ctx, "call", func(context.Context) error { fn(); return nil })
		},
		"TraceValue": func(ctx context.Context, fn func()) {
			_, _ = profiler.TraceValue(ctx, "call", func(context.Context) (int, error) { fn(); return 0, nil })
		},
		"Func": func(ctx context.Context, fn func()) {
			_ = profiler.Func(profiler.Function{Name: "call"}, func(context.Context, int) error { fn(); return nil })(ctx, 1)
		},
		"FuncValue": func(ctx context.Context, fn func()) {
			_, _ = profiler.FuncValue(profiler.Function{Name: "call"}, func(context.Context, int) (int, error) { fn(); return 0, nil })(ctx, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "test")
			ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
			profilertest.PassOn(t, func(fn func()) { call(ctx, fn) })
			profilertest.PassOn(t, func(fn func()) { call(context.Background(), fn) })
			root.Stop()
			rec.Unwound(t, "call")
		})
	}
}

func TestTraceValue(t *testing.T) {
	svc, rec := profilertest.New(t, "test")
	ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
	for _, ctx := range []context.Context{ctx, t.Context()} {
		if n, err := profiler.TraceValue(ctx, "fine", func(ctx context.Context) (int, error) { return double(ctx, 2) }, slog.Int("n", 2)); n != 4 || err != nil {
			t.Error(n, err)
		}
	}
	if n, err := profiler.TraceValue(ctx, "failed", func(context.Context) (int, error) { return 3, errSink }); n != 3 || err != errSink {
		t.Error(n, err)
	}
	root.Stop()
	if p := rec.One(t, "fine"); p.Start["n"] != 2.0 || p.Stop["etype"] != nil {
		t.Errorf("%v, %v", p.Start, p.Stop)
	}
	if p := rec.One(t, "failed"); p.Stop["message"] != errSink.Error() {
		t.Errorf("%v", p.Stop)
	}
}

// TestAllocFunctionUntraced: without a trace a call costs no allocation.
func TestAllocFunctionUntraced(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	f := profiler.Function{Name: "call"}
	with := profiler.Func(f, func(context.Context, cup) error { return nil })
	value := profiler.FuncValue(f, func(_ context.Context, c cup) (cup, error) { return c, nil })
	given := cup{Size: 1}
	n := race.Allocs(200, func() {
		_ = with(ctx, given)
		_, _ = value(ctx, given)
		_, _ = profiler.TraceValue(ctx, "block", func(ctx context.Context) (int, error) { return given.Size, nil }, slog.Int("size", given.Size))
		_, p := f.Start(ctx, slog.String("a", "b"), slog.Int("n", given.Size))
		f.End(p, nil, slog.Int("", given.Size))
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFunction(b *testing.B) {
	call := profiler.FuncValue(profiler.Function{Name: "price", ShowResult: true}, double)
	ctx, p := benchService(b).Begin(context.Background(), profiler.Opening{Name: "root"})
	defer p.Stop()
	for name, ctx := range map[string]context.Context{"traced": ctx, "untraced": context.Background()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = call(ctx, 3)
			}
		})
	}
}
