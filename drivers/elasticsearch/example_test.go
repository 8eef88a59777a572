package elasticsearch_test

import (
	"context"
	"log"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/elasticsearch"
)

func Example() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "elasticsearch+https://sonde:password@localhost:9200/?ssl_ca_certs=/etc/elasticsearch/certs/http_ca.crt", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for trace, err := range d.Traces(ctx, drivers.Query{Limit: 20}) {
		if err != nil {
			log.Fatal(err)
		}
		log.Println(trace.ID, trace.Timestamp, trace.Service, trace.Name)
	}
}
