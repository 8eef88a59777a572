package nats

import (
	"errors"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "nats", Secure: "nats+tls", Doc: "NATS JetStream", Example: "nats://user:password@host:4222/OSPROFILER", Port: "4222", Token: true,
		Import: "github.com/sonde-go/sonde/drivers/nats",
		Options: []drivers.Option{
			{Name: "max_age", Kind: drivers.Duration, Doc: "how long records are kept; for ever by default"},
			{Name: "replicas", Kind: drivers.Count, Doc: "on how many servers of a cluster they are kept; default 1"},
		},
		Retention: "max_age",
		Open:      open,
	})
}

// configOf reads a URL. Its errors quote nothing that could be a part of a
// password.
func configOf(u *drivers.URL) (*config, error) {
	hosts, path, err := u.Servers()
	if err != nil {
		return nil, err
	}
	c := &config{stream: strings.TrimSuffix(path, "/"), maxAge: u.Duration("max_age"), replicas: u.Count("replicas")}
	named := false
	for _, h := range hosts {
		c.addrs = append(c.addrs, h.Addr)
		switch {
		case !h.HasUser || named:
			continue
		case h.HasPassword:
			c.user, c.password = h.User, h.Password
		default:
			c.token = h.User
		}
		named = true
	}
	if c.stream == "" {
		c.stream = "OSPROFILER"
	}
	if strings.Trim(c.stream, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" || len(c.stream) > 200 {
		return nil, errors.New("a stream's name has letters, digits, dashes and underscores")
	}
	if c.maxAge != 0 && c.maxAge < time.Second {
		return nil, errors.New("max_age is a duration of a second or more, such as 72h")
	}
	if c.replicas > 5 {
		return nil, errors.New("replicas is a number from 1 to 5")
	}
	c.tls, err = u.TLS()
	return c, err
}
