// Package sonde turns configuration into a ready [profiler.Service]: from
// code, from the environment, from an INI file, or from all of them.
//
//	import (
//		"github.com/sonde-go/sonde"
//		_ "github.com/sonde-go/sonde/drivers/redis"
//	)
//
//	cfg, err := sonde.FromEnv()
//	…
//	cfg.Service = "api"
//	svc, err := sonde.Open(ctx, cfg)
//	…
//	defer svc.Close(ctx)
//	http.ListenAndServe(addr, sondehttp.Handler(svc, mux))
//
// The options have the names and meanings of OSProfiler's [profiler] group,
// so one environment serves the Go and the Python services of a system. A
// driver for the store has to be imported; see package drivers.
package sonde
