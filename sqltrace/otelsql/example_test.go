package sondeotelsql_test

import (
	"context"
	"fmt"
	"log"

	"github.com/XSAM/otelsql"
	sondeotelsql "github.com/sonde-go/sonde/sqltrace/otelsql"
	"go.opentelemetry.io/otel/attribute"
)

func ExampleOpen() {
	// It was otelsql.Open.
	db, err := sondeotelsql.Open("sqlite", ":memory:",
		otelsql.WithAttributes(attribute.String("db.system.name", "sqlite")))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var answer int
	if err := db.QueryRowContext(context.Background(), "SELECT 6 * 7").Scan(&answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output: 42
}
