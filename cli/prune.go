package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/progress"
)

type pruneCmd struct {
	storeFlags
	OlderThan sinceFlag `help:"Remove the traces whose last record is older than 90m, 12h or 30d, or than a UTC time." placeholder:"TIME" required:""`
}

func (*pruneCmd) Help() string {
	return `Traces are removed whole, and cannot be brought back.

Examples:

  sonde trace prune --older-than 30d
  sonde trace prune --older-than 2026-01-02 --connection-string redis://localhost:6379/0`
}

func (c *pruneCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(d *drivers.Store) error {
		n, err := d.Prune(ctx, c.OlderThan.Time)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "removed %s older than %s\n", progress.Plural(n, "trace"), c.OlderThan.UTC().Format(time.DateTime))
		return nil
	})
}
