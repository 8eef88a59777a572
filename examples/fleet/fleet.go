//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/sqlite"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
)

// fleet is all processes and where they are reached.
type fleet struct {
	out       io.Writer
	dir       string
	sonde     string // the command
	socket    string // of the agent
	jetstream string // URLs of the NATS nodes
	nearest   string // of one of them
	store     string
	url       string // of the gateway
	key       string // that signs and verifies headers, made for this run

	nodes, collectors, services []*process
	agent                       *process
}

// Files in the fleet's folder.
const (
	socketFile = "agent.sock"
	storeFile  = "traces.db"
)

func newFleet(out io.Writer, sonde string) (*fleet, error) {
	if sonde != "" {
		var err error
		if sonde, err = filepath.Abs(sonde); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "sonde-fleet-")
	if err != nil {
		return nil, err
	}
	return &fleet{
		out: out, dir: dir, sonde: sonde,
		socket: filepath.Join(dir, socketFile),
		store:  "sqlite:///" + filepath.Join(dir, storeFile),
		key:    rand.Text(),
	}, nil
}

// start starts the parts, each after what it needs.
func (f *fleet) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if f.sonde == "" {
		fmt.Fprintln(f.out, "Building the command sonde...")
		if f.sonde, err = program(ctx, f.dir); err != nil {
			return err
		}
	}
	ports, err := freePorts(9)
	if err != nil {
		return err
	}
	clients, routes, web := ports[:3], ports[3:6], ports[6:]

	var urls []string
	for i := range 3 {
		name := "nats-" + strconv.Itoa(i+1)
		urls = append(urls, "127.0.0.1:"+clients[i])
		f.nodes = append(f.nodes, f.process(name, self, "nats", "-name", name, "-dir", filepath.Join(f.dir, name),
			"-port", clients[i], "-cluster", routes[i], "-routes", strings.Join(routes, ",")))
	}
	f.jetstream, f.nearest = "nats://"+strings.Join(urls, ","), "nats://"+urls[0]
	f.agent = f.process("agent", f.sonde, "agent", "--listen", "unix://"+f.socket,
		"--data-dir", filepath.Join(f.dir, "agent"), "--jetstream", f.jetstream)
	for _, name := range []string{"collector-1", "collector-2"} {
		f.collectors = append(f.collectors, f.process(name, f.sonde, "collector", "--jetstream", f.jetstream, "--store", f.store))
	}
	asked := ""
	for i, name := range []string{"stock", "pricing", "gateway"} {
		f.services = append(f.services, f.process(name, self, "service", "-name", name, "-port", web[i],
			"-next", asked, "-key", f.key, "-connection-string", "agent://"+f.socket))
		asked = "http://127.0.0.1:" + web[i]
	}
	f.url = asked

	if err := launch(f.nodes...); err != nil {
		return err
	}
	for _, p := range f.nodes {
		if err := until(ctx, p.name, func(context.Context) error { return saysReady(p) }); err != nil {
			return err
		}
	}
	if err := launch(append([]*process{f.agent}, f.collectors...)...); err != nil {
		return err
	}
	if err := until(ctx, "the agent", f.ping); err != nil {
		return err
	}
	if err := launch(f.services...); err != nil {
		return err
	}
	return until(ctx, "the gateway", func(ctx context.Context) error {
		_, err := f.get(ctx, "/cart", header.ID{})
		return err
	})
}

// command is how a shell in the fleet's folder calls sonde.
func (f *fleet) command() string {
	if filepath.Dir(f.sonde) == f.dir {
		return "./" + filepath.Base(f.sonde)
	}
	return f.sonde
}

func (f *fleet) process(name string, args ...string) *process {
	return &process{name: name, args: args, log: filepath.Join(f.dir, name+".log"), said: f.out}
}

func launch(parts ...*process) error {
	for _, p := range parts {
		if err := p.start(); err != nil {
			return err
		}
	}
	return nil
}

func saysReady(p *process) error {
	log, err := os.ReadFile(p.log)
	if err == nil && !strings.Contains(string(log), "ready") {
		err = errors.New(strings.TrimSpace(string(log)))
	}
	return err
}

// ping asks the agent whether it takes records.
func (f *fleet) ping(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", f.socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent/readyz", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

// get sends a request to the gateway, signed if it is to be traced as base.
func (f *fleet) get(ctx context.Context, path string, base header.ID) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, nil)
	if err != nil {
		return "", err
	}
	if !base.IsZero() {
		keys, err := header.ParseKeys(f.key)
		if err != nil {
			return "", err
		}
		keys.Primary().Sign(header.Info{BaseID: base}).Write(req.Header)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the gateway answers %s: %s", res.Status, body)
	}
	return string(body), err
}

// order sends one traced request, and returns the id of its trace.
func (f *fleet) order(ctx context.Context) (header.ID, error) {
	base := header.NewID()
	fmt.Fprintf(f.out, "GET %s/cart, signed\n\n", f.url)
	_, err := f.get(ctx, "/cart", base)
	return base, err
}

// trace shows the trace once all of its records have come through.
func (f *fleet) trace(ctx context.Context, base header.ID) error {
	store, err := drivers.Open(ctx, f.store, drivers.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	var r *report.Report
	err = until(ctx, "the trace", func(ctx context.Context) error {
		if r, err = report.Build(store.Records(ctx, base.String())); err != nil {
			return err
		}
		if r.Len() < points {
			return fmt.Errorf("%d of %d points are stored", r.Len(), points)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return text.Write(f.out, r, report.Options{})
}

// points is how many a request makes: a server's in each service, a call in two of
// them, and stock's own function with its queries.
const points = 3 + 2 + 1 + 12

// picture says which process is which.
func (f *fleet) picture() {
	pids := func(parts []*process) string {
		var s []string
		for _, p := range parts {
			s = append(s, fmt.Sprintf("%s %d", p.name, p.pid()))
		}
		return strings.Join(s, ", ")
	}
	fmt.Fprintf(f.out, `
  services    %s
     | unix socket
  agent       %s
     | JetStream, three copies of each record
  NATS        %s
     | one consumer
  collectors  %s
     |
  store       %s

`, pids(f.services), pids([]*process{f.agent}), pids(f.nodes), pids(f.collectors), f.store)
}

// stop ends the parts in the order of the records' way, so that nothing is left
// behind, and removes what they have written.
func (f *fleet) stop() error {
	var errs []error
	parts := slices.Concat(f.services, []*process{f.agent}, f.collectors, f.nodes)
	for _, p := range parts {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(f.dir))...)
}

// freePorts returns n ports of loopback that nobody listened on a moment ago.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports, nil
}
