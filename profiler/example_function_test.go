package profiler_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sonde-go/sonde/profiler"
)

func reserve(_ context.Context, sku string) error {
	if sku == "coffee" {
		return errors.New("out of stock")
	}
	return nil
}

type offer struct {
	SKU      string
	Password string
}

func price(_ context.Context, o offer) (int, error) { return 100 * len(o.SKU), nil }

// A function is traced where it is declared, or where it is passed on.
func ExampleFunc() {
	svc := printing()
	defer svc.Close(context.Background())

	traced := profiler.Func(profiler.Function{Name: "reserve"}, reserve)

	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	_ = traced(ctx, "tea")
	_ = traced(ctx, "coffee")
	root.Stop()

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// reserve-start {"function":{"name":"github.com/sonde-go/sonde/profiler_test.reserve","args":"[\"tea\"]","kwargs":"{}"},"host":"web-1"}
	// reserve-stop {"host":"web-1"}
	// reserve-start {"function":{"name":"github.com/sonde-go/sonde/profiler_test.reserve","args":"[\"coffee\"]","kwargs":"{}"},"host":"web-1"}
	// reserve-stop {"etype":"errors.errorString","message":"out of stock","host":"web-1"}
	// order-stop {"host":"web-1"}
}

// The result is recorded if asked for, and what is called a password never is.
func ExampleFuncValue() {
	svc := printing()
	defer svc.Close(context.Background())

	shown := profiler.FuncValue(profiler.Function{Name: "price", Symbol: "shop.price", ShowResult: true}, price)
	hidden := profiler.FuncValue(profiler.Function{Name: "price", Symbol: "shop.price", HideArgs: true}, price)

	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	cents, err := shown(ctx, offer{SKU: "tea", Password: "hunter2"})
	fmt.Println(cents, err)
	_, _ = hidden(ctx, offer{SKU: "tea", Password: "hunter2"})
	root.Stop()

	// Output:
	// 300 <nil>
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// price-start {"function":{"name":"shop.price","args":"[{\"SKU\":\"tea\",\"Password\":\"***\"}]","kwargs":"{}"},"host":"web-1"}
	// price-stop {"function":{"result":"300"},"host":"web-1"}
	// price-start {"function":{"name":"shop.price"},"host":"web-1"}
	// price-stop {"host":"web-1"}
	// order-stop {"host":"web-1"}
}

// A function of any form opens the point of its call itself. Here the arguments have
// names.
func ExampleFunction_Start() {
	svc := printing()
	defer svc.Close(context.Background())

	log := profiler.Function{Name: "auth", Symbol: "shop.logIn"}
	logIn := func(ctx context.Context, user, password string) (ok bool) {
		ctx, p := log.Start(ctx, slog.String("user", user), slog.String("password", password))
		defer log.End(p, nil)
		_ = ctx // for what logIn calls
		return password == "hunter2"
	}

	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "page"})
	fmt.Println(logIn(ctx, "bob", "hunter2"))
	root.Stop()

	// Output:
	// true
	// page-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// auth-start {"function":{"name":"shop.logIn","args":"[]","kwargs":"{\"user\":\"bob\",\"password\":\"***\"}"},"host":"web-1"}
	// auth-stop {"host":"web-1"}
	// page-stop {"host":"web-1"}
}

func ExampleTraceValue() {
	svc := printing()
	defer svc.Close(context.Background())

	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	cents, err := profiler.TraceValue(ctx, "price", func(ctx context.Context) (int, error) {
		return price(ctx, offer{SKU: "tea"})
	}, slog.String("sku", "tea"))
	fmt.Println(cents, err)
	root.Stop()

	// Output:
	// 300 <nil>
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// price-start {"sku":"tea","sonde":{"kind":"internal"},"host":"web-1"}
	// price-stop {"host":"web-1"}
	// order-stop {"host":"web-1"}
}
