package slogtrace_test

import (
	"context"
	"log/slog"
	"os"

	"github.com/sonde-go/sonde/slogtrace"
)

func ExampleNewHandler() {
	log := slog.New(slogtrace.NewHandler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	// In a traced request base_id=… and point_id=… would follow.
	log.InfoContext(context.Background(), "sold out", "sku", 7)
	// Output: level=INFO msg="sold out" sku=7
}

func ExampleKeep() {
	// Everything from Debug on goes into the traces of traced requests,
	// everything from Info on to stderr.
	h := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})
	slog.SetDefault(slog.New(slogtrace.NewHandler(h, slogtrace.Keep(slog.LevelDebug))))
}
