package agent

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// as connects to a socket as another user: the connection belongs to a thread of its own,
// which ends with its goroutine.
func as(t *testing.T, uid int, path string) net.Conn {
	t.Helper()
	type result struct {
		conn net.Conn
		err  error
	}
	got := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			got <- result{nil, errno}
			return
		}
		conn, err := new(net.Dialer).DialContext(t.Context(), "unix", path)
		got <- result{conn, err}
	}()
	r := watchdog.Await(t, "a connection", got)
	if r.err != nil {
		t.Fatal(r.err)
	}
	t.Cleanup(func() { r.conn.Close() })
	return r.conn
}

// TestWhoMayLook: a user who may send records may not read those of others.
func TestWhoMayLook(t *testing.T) {
	config, client := certified(t)
	defer client.CloseIdleConnections()
	path := socket(t)
	if err := os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755); err != nil { // testing's folder
		t.Fatal(err)
	}
	r := start(t, Config{Listen: []string{"unix://" + path, "tcp://127.0.0.1:0"}, SocketMode: 0o666, TLS: config, Token: "secret"})
	if status, body := r.get("/v1/quarantine/"); status != http.StatusOK || body != "" {
		t.Errorf("the agent's user: %d %s", status, body)
	}
	for what, ask := range map[string]func(*http.Request) (*http.Response, error){
		"over TCP": func(req *http.Request) (*http.Response, error) {
			req.URL.Scheme, req.URL.Host = "https", strings.TrimPrefix(r.Addresses()[1], "tcp://")
			req.Header.Set("Authorization", "Bearer secret")
			return client.Do(req)
		},
		"another user": func(req *http.Request) (*http.Response, error) {
			if os.Geteuid() != 0 {
				return nil, nil // only root can be somebody else
			}
			conn := as(t, 12345, path)
			transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }, DisableKeepAlives: true}
			return transport.RoundTrip(req)
		},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://agent/v1/quarantine/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := ask(req)
		if err != nil {
			t.Fatal(what, err)
		}
		if resp == nil {
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "root and the user") {
			t.Errorf("%s: %d %s", what, resp.StatusCode, body)
		}
	}
}

// TestQuarantineOfCluster: an agent without a spool of its own says where to ask.
func TestQuarantineOfCluster(t *testing.T) {
	server := natstest.JetStream(t)
	r := start(t, Config{JetStream: server.URL})
	if status, body := r.get("/v1/quarantine/"); status != http.StatusConflict || !strings.Contains(body, "--jetstream "+server.URL) {
		t.Errorf("%d %s", status, body)
	}
}
