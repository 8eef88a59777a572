package partition

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"go.uber.org/goleak"
)

// asCollector is the variable that has the address of a NATS server; with it this program
// is a collector.
const asCollector = "SONDE_TEST_COLLECTOR"

func TestMain(m *testing.M) {
	if url := os.Getenv(asCollector); url != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if err := collect(ctx, url); err != nil {
			panic(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
