// Package agent is the driver that hands records to the agent of the machine, which
// keeps them on its disk and takes them to the store: see [sonde agent]. A program that
// writes to it never waits for a store, links no client of one, and knows no password
// of it. Import it for its scheme:
//
//	agent://                            the socket /run/sonde/agent.sock
//	agent:///srv/shop/agent.sock        another socket
//	agent://127.0.0.1:8127?token=…      TCP, over TLS if the options say so
//
// A record is acknowledged once it is in the agent's spool. Each batch is one request,
// POST /v1/events, whose lines are the records as they are stored, with their numbers:
// the member "sonde" behind the service, by which readers find out that records are
// missing. If the answer is lost, the batch is sent again under the same numbers, and
// the agent keeps it once. What the agent cannot take for now waits in the queue of the
// program, as it does for any store.
//
// Records cannot be read from an agent: read the store that it writes to.
//
// # Starting the agent
//
// With start=true a program starts the agent if none answers at the socket, as a
// process of its own that outlives the program:
//
//	agent:///srv/shop/agent.sock?start=true&store=redis%3A%2F%2Fdb:6379
//
// The URL of the store may be in the environment instead, as SONDE_AGENT_STORE. However many programs do so at once, one agent is started: they take turns by a lock
// on the file of the socket's name with .lock behind it. The agent logs to agent.log in
// its data folder. This needs a Unix system.
//
// [sonde agent]: https://github.com/sonde-go/sonde/blob/main/docs/relay.md
package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

// DefaultSocket is where agent:// expects the agent.
const DefaultSocket = "/run/sonde/agent.sock"

func init() {
	drivers.Register(drivers.Scheme{
		Name: "agent", Doc: "Sonde's agent on this machine, which takes records to a store", Example: "agent:///run/sonde/agent.sock",
		Import: "github.com/sonde-go/sonde/drivers/agent",
		Port:   "8127", TLS: drivers.TLSByOption, Open: open,
		Options: []drivers.Option{
			{Name: "token", Secret: true, Doc: "what the agent asks senders for, over TCP"},
			{Name: "start", Kind: drivers.Bool, Default: "false", Doc: "start the agent if none answers at the socket, and leave it running"},
			{Name: "command", Default: "sonde", Doc: "with start: the command that has the agent, found on PATH or a path"},
			{Name: "data_dir", Doc: "with start: the agent's folder; by default /var/lib/sonde/agent, or ~/.local/state/sonde/agent if not root"},
			{Name: "store", Secret: true, Doc: "with start: the URL of the store that the agent takes records to; by default that of SONDE_AGENT_STORE in the environment"},
		},
	})
}

type store struct {
	limit     kit.Limit
	http      http.Client
	root      string // http://host
	token     string
	unreached string   // what to do if no agent answers
	starter   *starter // nil: it is not started

	mu    sync.Mutex // guards what is below
	until time.Time  // the agent does not want to be asked again before
	why   error      // its answer then
	taken taken
	body  []byte // not in use, for the next request
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	d := &store{token: u.Text("token"), unreached: "is it running? sonde agent --help tells how to start it, and start=true has programs do so"}
	network, addr, err := place(u)
	if err != nil {
		return nil, err
	}
	config, err := u.TLS()
	switch {
	case err != nil:
		return nil, err
	case network == "unix" && (config != nil || d.token != ""):
		return nil, errors.New("a socket's permissions say who may send; token and the options of TLS are for agent://host:port")
	case network == "tcp" && u.Bool("start"):
		return nil, errors.New("start=true starts an agent at a socket: agent:///path/agent.sock")
	}
	if u.Bool("start") {
		if d.starter, err = newStarter(addr, u.Text("command"), u.Text("data_dir"), u.Text("store")); err != nil {
			return nil, err
		}
	} else if u.Given("store") || u.Given("data_dir") || u.Given("command") {
		return nil, errors.New("the options command, data_dir and store belong to start=true; an agent that runs has its own")
	}
	d.limit = kit.Limit{Store: "the agent at " + addr, Time: o.SocketTimeout}
	d.root = "http://agent"
	if network == "tcp" {
		d.root = "http://" + addr
		if config != nil {
			d.root = "https://" + addr
		}
	}
	d.http = client(network, addr, config, o.ConnectTimeout)
	return d, nil
}

// place is where the agent of a URL listens.
func place(u *drivers.URL) (network, addr string, err error) {
	switch {
	case u.Place == "" || u.Place == "/":
		return "unix", DefaultSocket, nil
	case strings.HasPrefix(u.Place, "/"):
		path, err := unescape(u.Place)
		return "unix", path, err
	}
	host, path, err := u.Server()
	switch {
	case err != nil:
		return "", "", err
	case path != "":
		return "", "", errors.New("want agent:///path/agent.sock or agent://host:port; a path of a socket begins with a slash")
	case host.HasUser:
		return "", "", errors.New("an agent has no users; give its token as ?token=…")
	}
	return "tcp", host.Addr, nil
}

func client(network, addr string, config *tls.Config, connect time.Duration) http.Client {
	dialer := net.Dialer{Timeout: connect}
	return http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, addr)
			},
			TLSClientConfig:     config,
			TLSHandshakeTimeout: connect,
			DisableCompression:  true,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     90 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "in the agent's spool, synced as the agent was told: by default before it answers",
		Repeated:     "kept once by the agent, if it is sent again soon; readers ignore the second",
	}
}

const readElsewhere = "an agent only takes records; read the store that it writes to, which is its option --store"

// Lacks implements [driver.Limited].
func (d *store) Lacks(op driver.Op) string {
	switch op {
	case driver.Write, driver.Ping:
		return ""
	}
	return readElsewhere
}

// Ping implements [driver.Pinger].
func (d *store) Ping(ctx context.Context) error {
	reply, err := d.ask(ctx, health())
	if err == nil && reply.status != http.StatusOK {
		err = reply.unexpected()
	}
	return err
}

// Close implements [driver.Driver].
func (d *store) Close() error {
	d.http.CloseIdleConnections()
	return nil
}
