package profiler

import (
	"cmp"
	"context"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/layer"
)

// Function describes a function whose calls are points, as OSProfiler's decorators
// record them: info.function has its name, and as texts in JSON the arguments and the
// result.
//
//	args    the list of the arguments that have no name
//	kwargs  the object of those that have one
//	result  what the function returned beside its error: a value, a list of several,
//	        or an object if they have names; nothing if it failed
//
// The mask of the Service (Config.Mask) applies to named arguments and results, to
// the members of what they hold, and to URLs in them. A struct with exported fields
// is stored as JSON even if it has a String method, which knows of no mask. Channels,
// functions, structs without exported fields and what JSON cannot hold are stored as
// their type, "(chan int)", bytes and lists longer than 1024 as their type and length,
// and what holds more than a record may have as its type, "(*main.Upload left out)",
// without a look at all of it. Arguments are read when the call begins and results when it has ended, by
// the goroutine of the call: hide those that another goroutine may change meanwhile.
//
// A Function may be copied. It is safe for concurrent use, unless it is changed.
type Function struct {
	// Name is the name of the points, see Opening.Name: the same one for all functions
	// of a kind, since reports group points by it, such as "rpc" or "repo".
	Name string
	// Symbol is info.function.name, as in "example.com/shop.Repo.Get". For [Func] and
	// [FuncValue], empty means the name that the function has in the program.
	Symbol string
	// HideArgs keeps the arguments out of the records.
	HideArgs bool
	// ShowResult records the result, which is hidden otherwise.
	ShowResult bool
	// Attrs are more attributes of each call, at the top of info, where the key
	// "function" is taken.
	Attrs []slog.Attr
}

// Func returns fn with a point around each of its calls, see [Function]. The point
// fails with the error of fn, see [Point.Fail]. A panic and [runtime.Goexit] are
// recorded and pass on. A call whose context carries no trace is a call of fn, and
// nothing else.
//
// Func and [FuncValue] are for functions with one argument beside the context, the
// usual request. One without is passed to [Trace] or [TraceValue] as it is, and one
// with more is called inside of them, or calls [Function.Start] itself. For the
// methods of a type "sonde gen" writes all of that.
func Func[A any](f Function, fn func(context.Context, A) error) func(context.Context, A) error {
	f = f.of(fn)
	return func(ctx context.Context, arg A) error {
		if !Active(ctx) {
			return fn(ctx, arg)
		}
		ctx, p := f.Start(ctx, slog.Any("", arg))
		returned := false
		defer p.Guard(&returned)
		err := fn(ctx, arg)
		returned = true
		f.End(p, err)
		return err
	}
}

// FuncValue is [Func] for functions that return a value beside their error.
func FuncValue[A, R any](f Function, fn func(context.Context, A) (R, error)) func(context.Context, A) (R, error) {
	f = f.of(fn)
	return func(ctx context.Context, arg A) (R, error) {
		if !Active(ctx) {
			return fn(ctx, arg)
		}
		ctx, p := f.Start(ctx, slog.Any("", arg))
		returned := false
		defer p.Guard(&returned)
		value, err := fn(ctx, arg)
		returned = true
		f.End(p, err, slog.Any("", value))
		return value, err
	}
}

// Start opens the point of a call, as [Start] does. Arguments without a name have an
// empty key. Check [Active] first if an argument costs something to make, as
// [slog.Any] may. It is for functions that Func and FuncValue do not fit:
//
//	ctx, p := price.Start(ctx, slog.String("sku", sku), slog.Int("count", n))
//	returned := false
//	defer p.Guard(&returned)
//	cents, err := find(ctx, sku, n)
//	returned = true
//	price.End(p, err, slog.Int("", cents))
func (f *Function) Start(ctx context.Context, args ...slog.Attr) (context.Context, Point) {
	up := current(ctx)
	if up == nil {
		return ctx, Point{}
	}
	o := Opening{Name: f.Name, Layer: layer.Function, Top: f.Attrs, own: true}
	if laterSame(f.Attrs, layer.Function.Group) {
		o.Top = slices.DeleteFunc(slices.Clone(f.Attrs), func(a slog.Attr) bool { return a.Key == layer.Function.Group })
	}
	told := append(make([]slog.Attr, 0, 3), slog.String("name", f.Symbol))
	if !f.HideArgs {
		list, object := capturing(up.trace.svc), capturing(up.trace.svc)
		list.list(args, false)
		object.object(args)
		told = append(told, list.captured("args", &o.cut), object.captured("kwargs", &o.cut))
	}
	return up.start(ctx, "", &o, told)
}

// End ends the point of a call that has returned err and, beside it, results.
func (f *Function) End(p Point, err error, results ...slog.Attr) {
	if p.n == nil {
		return
	}
	end := Ending{Err: err, Group: layer.Function.Group}
	if !f.ShowResult || err != nil || len(results) == 0 {
		p.n.end(&end, nil, 0)
		return
	}
	e := capturing(p.n.trace.svc)
	e.result(results)
	result := e.captured("result", &end.cut)
	p.n.end(&end, []slog.Attr{result}, 0)
}

// of is f for the function fn, whose name it takes if it has none.
func (f Function) of(fn any) Function {
	f.Attrs = slices.Clone(f.Attrs)
	f.Symbol = cmp.Or(f.Symbol, symbol(runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()))
	return f
}

// symbol is what the runtime calls a function, without what is the compiler's: the
// marks of pointers, type parameters, method values and dots in a path's last element.
func symbol(name string) string {
	i := strings.LastIndexByte(name, '/') + 1
	return name[:i] + strings.NewReplacer("(*", "", "(", "", ")", "", "[...]", "", "-fm", "", "%2e", ".").Replace(name[i:])
}
