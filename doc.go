// Package sonde turns configuration into a ready [profiler.Service]: from
// code, from the environment, from an INI file, or from all of them.
//
//	import (
//		"github.com/sonde-go/sonde"
//		_ "github.com/sonde-go/sonde/drivers/redis"
//	)
//
//	svc, err := sonde.New(ctx, "api")
//	…
//	srv := &http.Server{Addr: addr, Handler: sondehttp.Handler(svc, mux)}
//	go func() { log.Print(srv.ListenAndServe()); stop() }() // stop ends ctx
//	<-ctx.Done()
//	srv.Shutdown(context.Background())
//	svc.Close(context.Background())
//
// The options have the names and meanings of OSProfiler's [profiler] group,
// so one environment serves the Go and the Python services of a system. A
// driver for the store has to be imported; see package drivers.
package sonde
