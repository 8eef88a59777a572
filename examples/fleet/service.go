//go:build unix

package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"

	_ "modernc.org/sqlite"

	"github.com/sonde-go/sonde"
	_ "github.com/sonde-go/sonde/drivers/agent"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/sqltrace"
)

// service is one of the three: a gateway that asks for a price, pricing that asks
// what is in stock, and stock, which looks into its database. All that each knows of
// the relay is the agent's socket.
func service(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	name := flags.String("name", "", "gateway, pricing or stock")
	port := flags.Int("port", 0, "to listen on")
	next := flags.String("next", "", "URL of the service that this one asks")
	key := flags.String("key", "", "that signs and verifies the headers")
	store := flags.String("connection-string", "", "where records go")
	if err := flags.Parse(args); err != nil {
		return err
	}
	svc, err := sonde.New(ctx, *name, func(c *sonde.Config) {
		c.Enabled, c.HMACKeys, c.ConnectionString, c.Project = true, *key, *store, "fleet"
	})
	if err != nil {
		return err
	}
	handler := asks(*next)
	if *name == "stock" {
		db, err := sqltrace.Open("sqlite", "file::memory:?cache=shared")
		if err != nil {
			return err
		}
		defer db.Close()
		handler = counts(db)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /cart", handler)
	server := &http.Server{Handler: sondehttp.Handler(svc, mux)}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	_ = server.Serve(l)
	return svc.Close(context.Background())
}

// asks answers with what the next service says.
func asks(next string) http.Handler {
	client := &http.Client{Transport: sondehttp.Transport(nil, sondehttp.AllowHosts("127.0.0.1"))}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, next+"/cart", nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		res, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	})
}

// counts answers from its database, one query for each thing: a mistake that the
// report names.
func counts(db *sql.DB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, p := profiler.Start(r.Context(), "count")
		defer p.Stop()
		total := 0
		for i := range 12 {
			var left int
			if err := db.QueryRowContext(ctx, `SELECT ? * 3`, i).Scan(&left); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			total += left
		}
		fmt.Fprintf(w, "%d in stock\n", total)
	})
}
