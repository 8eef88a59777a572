package relay

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/drivers"
)

// Agent and collector begin alike.

// collectAsUsual undoes the command's setting of the garbage collector, which is for
// reports, unless the environment has one.
func collectAsUsual() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
	}
}

// newLog returns a log in a form of --log-format.
func newLog(to io.Writer, form string) *slog.Logger {
	if form == "json" {
		return slog.New(slog.NewJSONHandler(to, nil))
	}
	return slog.New(slog.NewTextHandler(to, nil))
}

// openStores opens all stores, or none. The caller closes them.
func openStores(ctx context.Context, urls []cli.Secret, log *slog.Logger) (stores []*drivers.Store, err error) {
	for _, url := range urls {
		s, err := drivers.Open(ctx, string(url), drivers.Options{Logger: log})
		if err != nil {
			return nil, errors.Join(err, closeStores(stores))
		}
		stores = append(stores, s)
	}
	return stores, nil
}

func closeStores(stores []*drivers.Store) (err error) {
	for _, s := range stores {
		err = errors.Join(err, s.Close())
	}
	return err
}

// named are the stores' URLs, without secrets, as a sentence has them.
func named(stores []*drivers.Store) string {
	urls := make([]string, len(stores))
	for i, s := range stores {
		urls[i] = s.URL()
	}
	return strings.Join(urls, " and ")
}
