package messaging_test

import (
	"context"
	"log"
	"os"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/messaging"
	"github.com/sonde-go/sonde/report"
)

// A trace that OpenStack's services have sent, shown without taking it from
// anyone.
func Example() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "messaging://openstack:password@controller:5672/?idle_timeout=2s", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	r, err := report.Build(d.Records(ctx, "0f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5"))
	if err != nil {
		log.Fatal(err)
	}
	if err := r.WriteOSProfiler(os.Stdout); err != nil {
		log.Fatal(err)
	}
}
