package loginsight_test

import (
	"context"
	"log"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/loginsight"
)

func Example() {
	ctx := context.Background()
	d, err := drivers.Open(ctx, "loginsight://sonde:p%40ssword@logs.example.com?ssl_ca_certs=/etc/ssl/logs.pem", drivers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for record, err := range d.Records(ctx, "0f3b7c2a-4d5e-4f60-8a9b-c0d1e2f3a4b5") {
		if err != nil {
			log.Fatal(err)
		}
		log.Println(record.Timestamp, record.Name)
	}
}
