package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

type pruneCmd struct {
	StoreFlags
	answerFlags
	OlderThan sinceFlag `help:"Remove the traces whose last record is older than 90m, 12h or 30d, or than a UTC time." placeholder:"TIME" required:""`
}

func (*pruneCmd) Help() string {
	return `Traces are removed whole, and cannot be brought back.

Examples:

  sonde trace prune --older-than 30d
  sonde trace prune --older-than 2026-01-02 --connection-string redis://localhost:6379/0`
}

// pruneAnswer is what "trace prune" prints as JSON.
type pruneAnswer struct {
	versioned
	Removed   int       `json:"removed"`
	OlderThan time.Time `json:"older_than"`
}

func (c *pruneCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(d *drivers.Store) error {
		n, err := d.Prune(ctx, c.OlderThan.Time)
		if err != nil {
			return err
		}
		if c.json() {
			return writeDocument(s.out, pruneAnswer{thisVersion, n, c.OlderThan.UTC()})
		}
		fmt.Fprintf(s.out, "removed %s older than %s\n", plural(n, "trace"), c.OlderThan.UTC().Format(time.DateTime))
		return nil
	})
}
