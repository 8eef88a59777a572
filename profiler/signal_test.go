package profiler_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// asProgram is the environment variable that has the test binary be one of
// signalPrograms.
const asProgram = "SONDE_TEST_SIGNAL_PROGRAM"

// signalPrograms are programs that are sent signals. They say "ready", and print
// each record that a sink has taken.
var signalPrograms = map[string]func(){
	"no handler": func() {
		program("api", printed{}).CloseOnSignal()
		fmt.Println("ready")
		select {}
	},
	"two services": func() {
		program("first", printed{}).CloseOnSignal()
		program("second", printed{100 * time.Millisecond}).CloseOnSignal()
		fmt.Println("ready")
		select {}
	},
	"a handler": func() {
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, syscall.SIGTERM)
		program("api", printed{}).CloseOnSignal()
		fmt.Println("ready")
		<-signals
		<-signals // the one that CloseOnSignal has sent
		fmt.Println("handled")
		os.Exit(7)
	},
	"closed by itself": func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		svc := program("api", printed{})
		fmt.Println("ready")
		<-ctx.Done()
		_ = svc.Close(context.Background())
	},
	"a sink that hangs": func() {
		program("api", hanging{}).CloseOnSignal()
		fmt.Println("ready")
		select {}
	},
	"log.Fatal": func() {
		svc := program("api", printed{})
		svc.CloseOnSignal()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("ready", "http://"+listener.Addr().String())
		log.Fatal(http.Serve(listener, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, p := svc.Begin(r.Context(), profiler.Opening{Name: "request"})
			p.Stop()
		})))
	},
}

// program is a Service that stores nothing before it is closed, and the point that
// it has recorded.
func program(name string, sink record.Sink) *profiler.Service {
	svc, err := profiler.New(profiler.Config{Name: name, Sink: sink, Queue: profiler.QueueConfig{FlushInterval: time.Hour}})
	if err != nil {
		log.Fatal(err)
	}
	_, p := svc.Begin(context.Background(), profiler.Opening{Name: name})
	p.Stop()
	return svc
}

// printed prints the names of records, after a pause.
type printed struct{ pause time.Duration }

func (p printed) Notify(_ context.Context, events []record.Event) error {
	time.Sleep(p.pause)
	for i := range events {
		fmt.Println(events[i].RecordName())
	}
	return nil
}

type hanging struct{}

func (hanging) Notify(ctx context.Context, _ []record.Event) error {
	<-ctx.Done()
	fmt.Println("gave up")
	return ctx.Err()
}
