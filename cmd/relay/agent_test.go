package relay

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/sonde-go/sonde/cli"
	_ "github.com/sonde-go/sonde/drivers/file"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/relay/agent"
)

// flags are those of the command with their defaults.
func flags(t *testing.T) *agentRun {
	t.Helper()
	dir := t.TempDir()
	return &agentRun{
		Listen: []string{"unix://" + filepath.Join(dir, "a.sock")}, SocketMode: "0660", DataDir: filepath.Join(dir, "data"),
		Sync: "always", MaxBytes: "1GiB", Store: []cli.Secret{cli.Secret("file://" + filepath.Join(dir, "traces.jsonl"))},
		StopTimeout: 10 * time.Second, LogFormat: "text",
	}
}

func TestAgentCommand(t *testing.T) {
	c := flags(t)
	path := strings.TrimPrefix(c.Listen[0], "unix://")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx, out, t.Output()) }()
	line, err := bufio.NewReader(in).ReadString('\n')
	for _, want := range []string{c.Listen[0], c.DataDir, "sync always", string(c.Store[0])} {
		if !strings.Contains(line, want) {
			t.Errorf("the first line is %q without %q, %v", line, want, err)
		}
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	defer transport.CloseIdleConnections()
	const record = `{"name":"db-start","base_id":"b","trace_id":"c","parent_id":"b","timestamp":"2026-01-02T03:04:05.000006","info":{"host":"h"},"project":"p","service":"s"}`
	resp, err := (&http.Client{Transport: transport}).Post("http://agent/v1/events", "", strings.NewReader(record))
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()

	var text bytes.Buffer
	if err := (&agentStatus{Socket: path, Format: "text"}).run(t.Context(), &text); err != nil || !strings.Contains(text.String(), "received      1 records\n") {
		t.Errorf("%s, %v", text.Bytes(), err)
	}
	var s agent.Status
	text.Reset()
	if err := (&agentStatus{Socket: path, Format: "json"}).run(t.Context(), &text); err != nil || json.Unmarshal(text.Bytes(), &s) != nil || s.Spooled != 1 || !s.Ready {
		t.Errorf("%s, %v", text.Bytes(), err)
	}
	cancel()
	if err := watchdog.Await(t, "the end", ended); err != nil {
		t.Error(err)
	}
	if stored, err := os.ReadFile(strings.TrimPrefix(string(c.Store[0]), "file://")); err != nil || string(stored) != record+"\n" {
		t.Errorf("stored is %q, %v", stored, err)
	}
	if err := (&agentStatus{Socket: path, Format: "text"}).run(t.Context(), &text); err == nil || !strings.Contains(err.Error(), "no agent answers at "+path) {
		t.Errorf("without an agent: %v", err)
	}
}

func TestAgentFlags(t *testing.T) {
	for want, change := range map[string]func(*agentRun){
		"needs --store URL":              func(c *agentRun) { c.Store = nil },
		"needs --data-dir DIR":           func(c *agentRun) { c.DataDir = "" },
		"neither always nor an interval": func(c *agentRun) { c.Sync = "sometimes" },
		"no size such as":                func(c *agentRun) { c.MaxBytes = "1GB" },
		"no mode such as":                func(c *agentRun) { c.SocketMode = "rw" },
		"needs --tls-cert":               func(c *agentRun) { c.TLSClientCA = "ca.pem" },
		"--tls-cert and --tls-key":       func(c *agentRun) { c.TLSCert = "/does/not/exist" },
		"--jetstream-ca":                 func(c *agentRun) { c.JetstreamCA = "/does/not/exist" },
		"--jetstream-cert":               func(c *agentRun) { c.JetstreamCert = "/does/not/exist" },
		"--stop-timeout":                 func(c *agentRun) { c.StopTimeout = -time.Second },
	} {
		c := flags(t)
		change(c)
		if _, err := c.config(io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestNoFolder: a variable that is empty is no folder, such as the working directory.
func TestNoFolder(t *testing.T) {
	var c agentRun
	p, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse([]string{"--data-dir", "", "--store", "memory://"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.config(io.Discard); err == nil || !strings.Contains(err.Error(), "needs --data-dir DIR") {
		t.Errorf("the folder is %q, %v", c.DataDir, err)
	}
	if _, err := p.Parse([]string{"--data-dir", "here", "--store", "memory://"}); err != nil {
		t.Fatal(err)
	}
	if config, err := c.config(io.Discard); err != nil || !filepath.IsAbs(config.DataDir) || filepath.Base(config.DataDir) != "here" {
		t.Errorf("%+v, %v", config, err)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "512MiB": 512 << 20, "20GiB": 20 << 30, "1TiB": 1 << 40, "3KiB": 3 << 10, "": 0, "-1": 0, "1GB": 0, "9999999999TiB": 0, "GiB": 0} {
		if n, err := size(text); n != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %d, %v", text, n, err)
		}
	}
}
