package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/relay/agent"
)

type agentStatus struct {
	Socket string `help:"Socket of the agent; ${default}." default:"/run/sonde/agent.sock" placeholder:"PATH" type:"path"`
	Format string `help:"text or json; ${default}." default:"text" enum:"text,json"`
}

func (*agentStatus) Help() string {
	return `What an agent has received, what is in its spool and what its stores have. The exit code is 1 if
no agent answers or if it is not ready.

Examples:

  sonde agent status
  sonde agent status --socket /tmp/agent.sock --format json`
}

// Run is called by the command line.
func (c *agentStatus) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *agentStatus) run(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", c.Socket)
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://agent/v1/status", nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		var why *net.OpError
		if errors.As(err, &why) {
			err = why.Err
		}
		return fmt.Errorf("no agent answers at %s: %w", c.Socket, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	var s agent.Status
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(text, &s) != nil {
		return fmt.Errorf("%s is no agent's: it answers %s", c.Socket, resp.Status)
	}
	if c.Format == "json" {
		_, err = out.Write(text)
	} else {
		err = writeStatus(out, &s)
	}
	if err == nil && !s.Ready {
		err = fmt.Errorf("the agent is not ready: %s", s.Error)
	}
	return err
}

// writeStatus writes a status for people, within 80 columns but for paths and URLs.
func writeStatus(out io.Writer, s *agent.Status) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	row := func(name, format string, a ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, terminal.Clean(fmt.Sprintf(format, a...)))
	}
	row("listens on", "%s", strings.Join(s.Listen, " "))
	row("since", "%s", s.Started.UTC().Format(time.RFC3339))
	row("received", "%d records", s.Received)
	row("spooled", "%d", s.Spooled)
	for _, n := range []struct {
		name  string
		count uint64
	}{{"sent again", s.Repeated}, {"rejected", s.Rejected}, {"refused: full", s.Full}, {"refused: failed", s.Failed}} {
		if n.count > 0 {
			row(n.name, "%d", n.count)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(s.RefusedPosts)) {
		row("requests refused", "%d %s", s.RefusedPosts[reason], reason)
	}
	row("spool", "%s (sync %s)", s.Spool.Where, s.Spool.Sync)
	row("in the spool", "%d batches, %d of %d bytes, the oldest %.1f s", s.Spool.Messages, s.Spool.Bytes, s.Spool.MaxBytes, s.Spool.Lag)
	for _, st := range s.Stores {
		failing := ""
		if st.Failing {
			failing = ", FAILING"
		}
		row("store", "%s: %d stored, %d were there, %d batches wait%s", st.Store, st.Stored, st.Present, st.Waiting, failing)
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Dropped)) {
		row("dropped", "%d %s", s.Dropped[reason], reason)
	}
	if s.Quarantined > 0 {
		row("in quarantine", "%d, see sonde relay quarantine list", s.Quarantined)
	}
	return w.Flush()
}
