// Package mongotrace records the commands of a client of
// go.mongodb.org/mongo-driver/v2 as trace points: one line where the client is made.
//
//	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetMonitor(mongotrace.NewMonitor()))
//
// A command whose context carries a trace is a point "mongodb" with the names of the
// command, the database and the collection. Commands of other contexts pass through:
// that costs two looks at the context and no allocation. A command that another
// follows up, such as find by getMore, is a point of its own.
//
// Neither filters nor documents are stored, since they are the program's data.
package mongotrace
