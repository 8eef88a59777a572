// Ferretdb serves the wire protocol of MongoDB, on files of SQLite or on a
// PostgreSQL server.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:27017", "where to listen")
	sqlite := flag.String("sqlite", "", "folder of the SQLite files as a URL: file:/folder/")
	postgres := flag.String("postgres", "", "URL of a PostgreSQL database, instead of SQLite")
	flag.Parse()

	config := &ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: *addr},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Handler:   "sqlite",
		SQLiteURL: *sqlite,
	}
	if *postgres != "" {
		config.Handler, config.PostgreSQLURL = "postgresql", *postgres
	}
	db, err := ferretdb.New(config)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := db.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
