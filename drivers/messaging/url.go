package messaging

import (
	"crypto/tls"
	"errors"
	"net/url"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/kit"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "messaging", Doc: "RabbitMQ, as OSProfiler uses it through oslo.messaging", Example: "messaging://user:password@host:5672/vhost",
		Import: "github.com/sonde-go/sonde/drivers/messaging",
		Port:   "5672", TLS: drivers.TLSByOption,
		Options: []drivers.Option{
			{Name: "transport_url", Kind: drivers.Location, Doc: "oslo.messaging's URL of the broker, such as rabbit://user:password@host:5672/vhost, if this one names none"},
			{Name: "idle_timeout", Kind: drivers.Duration, Default: "1s", Doc: "how long a reader waits for the next message that should be there"},
			{Name: "queue", Doc: "the name of an exchange and a queue of our own, in place of OSProfiler's"},
			{Name: "durable", Kind: drivers.Bool, Default: "false", Doc: "these two, with what was acknowledged, outlive the broker; needs queue"},
		},
		Open: open,
	})
}

// config is what a URL says.
type config struct {
	hosts []kit.Host
	vhost string
	tls   *tls.Config // nil: none
}

var errNoBroker = errors.New("names no broker; want messaging://user:password@host:5672/vhost, or messaging:// with a transport URL")

// configOf reads a URL. The errors quote nothing that could be a part of a
// password.
func configOf(u *drivers.URL) (*config, error) {
	if u.Via != "" && u.Via != "rabbit" && u.Via != "kombu" {
		return nil, errors.New("a transport URL begins with rabbit://; other transports of oslo.messaging are not supported")
	}
	if u.Place == "" || u.Place[0] == '/' {
		return nil, errNoBroker
	}
	hosts, path, err := u.Servers()
	if err != nil {
		return nil, err
	}
	c := &config{hosts: hosts, vhost: "/"}
	for i := range c.hosts {
		if h := &c.hosts[i]; !h.HasUser {
			h.User, h.Password = "guest", "guest"
		}
	}
	if path != "" {
		if c.vhost, err = url.PathUnescape(path); err != nil {
			return nil, errors.New("the virtual host cannot be read")
		}
	}
	c.tls, err = u.TLS()
	return c, err
}
