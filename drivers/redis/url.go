package redis

import (
	"errors"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

// topology says what the addresses of a URL are.
type topology int

const (
	single   topology = iota // the server
	sentinel                 // sentinels that know it
	cluster                  // some nodes of a cluster
)

var options = []drivers.Option{
	{Name: "db", Doc: "the number of the database, instead of the path"},
	{Name: "ttl", Kind: drivers.Duration, Doc: "how long a trace is kept after its last record; for ever by default"},
	{Name: "legacy", Kind: drivers.Bool, Default: "false", Doc: "also read what OSProfiler before 2.8 wrote"},
}

func init() {
	for _, s := range []drivers.Scheme{
		{Name: "redis", Secure: "rediss", Doc: "Redis", Example: "redis://:password@host:6379/0", Port: "6379", Options: options},
		{Name: "redis+cluster", Secure: "rediss+cluster", Doc: "Redis Cluster, from any of its nodes", Example: "redis+cluster://:password@host:6379,host", Port: "6379", Options: options},
		{
			Name: "redissentinel", Doc: "the primary that Redis Sentinel names", Example: "redissentinel://:password@host:26379,host", Port: "26379",
			Options: append([]drivers.Option{{Name: "sentinel_service_name", Default: "mymaster", Doc: "the name of the set that Sentinel watches"}}, options...),
		},
	} {
		s.Import, s.Open, s.Retention = "github.com/sonde-go/sonde/drivers/redis", open, "ttl"
		drivers.Register(s)
	}
}

// config is what a URL says.
type config struct {
	topology       topology
	addrs          []string
	user, password string
	db             int
	ttl            time.Duration // 0: none
	legacy         bool
}

// configOf parses a URL. Its errors quote nothing that could be part of a password.
func configOf(u *drivers.URL) (*config, error) {
	hosts, path, err := u.Servers()
	if err != nil {
		return nil, err
	}
	c := &config{legacy: u.Bool("legacy"), ttl: u.Duration("ttl")}
	switch u.Scheme {
	case "redissentinel":
		c.topology = sentinel
	case "redis+cluster", "rediss+cluster":
		c.topology = cluster
	}
	for _, h := range hosts {
		if h.HasUser && !h.HasPassword {
			return nil, errors.New("names a user but no password; a password alone is written :password@host")
		}
		if c.password == "" {
			c.user, c.password = h.User, h.Password
		}
		c.addrs = append(c.addrs, h.Addr)
	}
	if c.topology == single && len(c.addrs) > 1 {
		return nil, errors.New("names more than one server; sentinels are given as redissentinel://, a cluster as redis+cluster://")
	}
	if c.ttl != 0 && c.ttl < time.Second {
		return nil, errors.New("ttl is a duration of a second or more, such as 72h")
	}
	for _, db := range []string{path, u.Text("db")} {
		if err := c.parseDB(db); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *config) parseDB(s string) error {
	if s == "" {
		return nil
	}
	db, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return errors.New("the database is a number")
	}
	switch c.topology {
	case single:
		c.db = int(db)
	case cluster:
		if db != 0 {
			return errors.New("a cluster has the database 0 only")
		}
	}
	return nil
}
