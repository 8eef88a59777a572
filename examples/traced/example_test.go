package traced

import (
	"context"
	"fmt"
	"log"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// printer is a sink that prints records.
type printer struct{}

func (printer) Notify(_ context.Context, events []record.Event) error {
	for i := range events {
		fmt.Printf("%s %s\n", events[i].RecordName(), events[i].Info())
	}
	return nil
}

// inTrace calls fn in a trace whose records are printed.
func inTrace(fn func(context.Context)) {
	svc, err := profiler.New(profiler.Config{Name: "shop", Host: "web-1", Sink: printer{}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "order"})
	fn(ctx)
	root.Stop()
	if err := svc.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// The traced type: a Repo whose methods are points. It is made once, where the Repo is.
func ExampleNewRepoTraced() {
	var repo Repo = NewRepoTraced(Shelf{{"tea", 250}})
	inTrace(func(ctx context.Context) {
		_, _ = repo.Find(ctx, "tea")
		_, _ = repo.Find(ctx, "coffee")
		_ = repo.LogIn(ctx, "bob", "hunter2")
	})
	_, _ = repo.Find(context.Background(), "tea") // in no trace: nothing is recorded
	fmt.Println(repo.Len())

	// Output:
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// repo-start {"function":{"name":"github.com/sonde-go/sonde/examples/traced.Repo.Find","args":"[]","kwargs":"{\"sku\":\"tea\"}"},"host":"web-1"}
	// repo-stop {"host":"web-1"}
	// repo-start {"function":{"name":"github.com/sonde-go/sonde/examples/traced.Repo.Find","args":"[]","kwargs":"{\"sku\":\"coffee\"}"},"host":"web-1"}
	// repo-stop {"etype":"errors.errorString","message":"there is no coffee","host":"web-1"}
	// repo-start {"function":{"name":"github.com/sonde-go/sonde/examples/traced.Repo.LogIn","args":"[]","kwargs":"{\"user\":\"bob\",\"password\":\"***\"}"},"host":"web-1"}
	// repo-stop {"host":"web-1"}
	// order-stop {"host":"web-1"}
	// 1
}

// Tracing by declaration: what the directive above Manager says.
func ExampleNewManagerTraced() {
	m := NewManagerTraced(&Manager{Shelf{{"tea", 250}, {"milk", 120}}})
	inTrace(func(ctx context.Context) {
		cents, err := m.Total(ctx, "tea", "milk")
		fmt.Println(cents, err)
		_ = m.audit(ctx)
	})
	fmt.Println(m.Repo.Len()) // a field of Manager

	// Output:
	// 370 <nil>
	// order-start {"sonde":{"kind":"internal"},"host":"web-1"}
	// rpc-start {"function":{"name":"github.com/sonde-go/sonde/examples/traced.Manager.Total","args":"[]","kwargs":"{\"skus\":[\"tea\",\"milk\"]}"},"host":"web-1"}
	// rpc-stop {"function":{"result":"370"},"host":"web-1"}
	// rpc-start {"function":{"name":"github.com/sonde-go/sonde/examples/traced.Manager.audit","args":"[]","kwargs":"{}"},"host":"web-1"}
	// rpc-stop {"function":{"result":"true"},"host":"web-1"}
	// order-stop {"host":"web-1"}
	// 2
}
