package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
	relayagent "github.com/sonde-go/sonde/relay/agent"
)

// site is the processes that records pass on their way from the services.
type site struct {
	socket     string
	agent      *servertest.Server
	nodes      []*servertest.Server // of NATS; none if the agent has its own spool
	collectors []*servertest.Server
	postgres   *servertest.Server
	store      string // URL
}

// small starts an agent that spools on its own disk, in dir, and drains to the store.
func small(t *testing.T, dir string, args ...string) *site {
	t.Helper()
	s := newSite(t)
	s.startAgent(t, append(args, "--data-dir", dir, "--store", s.store)...)
	return s
}

// large starts an agent, three NATS nodes, the first of which keeps what it has in dir, and
// two collectors.
func large(t *testing.T, dir string) *site {
	t.Helper()
	s := newSite(t)
	var routes, urls []string
	for range 3 {
		routes = append(routes, "nats://127.0.0.1:"+strconv.Itoa(servertest.FreePort(t)))
	}
	for i, route := range routes {
		addr := "127.0.0.1:" + strconv.Itoa(servertest.FreePort(t))
		urls = append(urls, addr)
		_, port, _ := net.SplitHostPort(addr)
		name := "node" + strconv.Itoa(i)
		if i > 0 {
			dir = t.TempDir()
		}
		s.nodes = append(s.nodes, servertest.Program(t, name, natsServer, []string{
			"--config", nodeConfig(t, dir), "--addr", "127.0.0.1", "--port", port, "--name", name,
			"--cluster_name", "site", "--cluster", route, "--routes", strings.Join(routes, ","),
		}, func(*servertest.Server) error {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return err
			}
			return c.Close()
		}))
	}
	jetstream := "nats://" + strings.Join(urls, ",")
	s.startAgent(t, "--data-dir", t.TempDir(), "--jetstream", jetstream)
	for i := range 2 {
		s.collectors = append(s.collectors, s.command(t, "collector-"+strconv.Itoa(i),
			"collector", "--jetstream", jetstream, "--store", s.store))
	}
	return s
}

// nodeConfig is a file that has JetStream keep what it has in dir. Without its limit the
// server would promise no more than there is room for on a small disk, which is too little
// for the spool.
func nodeConfig(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	text := fmt.Sprintf("jetstream {store_dir: %q, max_file_store: 4GB}\n", dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func newSite(t *testing.T) *site {
	t.Helper()
	pg := servertest.Postgres(t)
	return &site{
		postgres: pg, store: fmt.Sprintf("postgresql://postgres@%s/test", pg.Addr),
		socket: filepath.Join(t.TempDir(), "agent.sock"),
	}
}

func (s *site) startAgent(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"agent", "--listen", "unix://" + s.socket}, args...)
	s.agent = servertest.Program(t, "agent", sonde, args, func(*servertest.Server) error { return s.ready() })
}

// command starts a command of sonde that need not be ready for the site to work.
func (s *site) command(t *testing.T, name string, args ...string) *servertest.Server {
	t.Helper()
	return servertest.Program(t, name, sonde, args, func(*servertest.Server) error { return nil })
}

// ready asks the agent whether it takes records.
func (s *site) ready() error { return s.ask("/readyz", nil) }

// status is what the agent says of itself, not ready if it says nothing.
func (s *site) status() (st relayagent.Status) {
	if err := s.ask("/v1/status", &st); err != nil {
		return relayagent.Status{}
	}
	return st
}

// ask asks the agent, and decodes its answer if it is asked for.
func (s *site) ask(path string, answer any) error {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.socket)
		},
	}}
	res, err := client.Get("http://agent" + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}
