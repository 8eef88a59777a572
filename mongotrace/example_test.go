package mongotrace_test

import (
	"log"

	"github.com/sonde-go/sonde/mongotrace"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func ExampleNewMonitor() {
	_, err := mongo.Connect(options.Client().
		ApplyURI("mongodb://localhost:27017").
		SetMonitor(mongotrace.NewMonitor()))
	if err != nil {
		log.Fatal(err)
	}
}
