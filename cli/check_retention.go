package cli

import (
	"errors"
	"time"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
)

// retention warns of a store that grows for ever when a service writes to it. Those
// that cannot be told to forget and are reached over a network have a retention of
// their own, which is not known here.
func (c *checker) retention(config sonde.Config, d *drivers.Store) {
	u, err := drivers.ParseURL(config.ConnectionString, config.StoreOptions())
	if err != nil {
		return // it could not be opened either
	}
	_, network := u.Addrs()
	switch keeps, option := u.Retention(); {
	case keeps > 0:
		c.ok("traces are kept for %s", days(keeps))
	case option != "":
		c.warn("traces are kept for ever and the store grows: add %s=30d to its URL, or run sonde trace prune --older-than 30d every day", option)
	case d.Can(drivers.Prune) && network:
		c.warn("traces are kept for ever and the store grows: run sonde trace prune --older-than 30d every day")
	case !d.Can(drivers.Prune) && !network:
		_, err := d.Prune(c.ctx, time.Time{}) // which says why it cannot
		var why *drivers.Error
		if errors.As(err, &why) {
			c.warn("traces are kept for ever and the store grows: %v", why.Err)
		}
	}
}

// days is a duration in days, where it is a number of them.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 {
		return plural(int(d/day), "day")
	}
	return d.String()
}
